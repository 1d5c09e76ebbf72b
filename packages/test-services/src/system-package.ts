import { join } from 'node:path'
import { cacheFolder } from './cache-folder.ts'
import { runCommand } from './command.ts'
import { findProgram } from './program.ts'
import type { Way } from './server-plan.ts'
import type { StartContext } from './service.ts'

// An installation that was interrupted is completed first; stale package lists only cost a retry.
// dpkg without a pseudo-terminal stays in the process group, and so ends with apt-get.
const script = `
dpkg --configure -a
apt-get -q update
apt-get -q -y --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 install "$@"
`

/** The same way after its programs were installed with apt-get, which takes root. */
export function systemPackageWay(packages: readonly string[], way: Way): Way {
  return {
    how: 'system packages',
    prepare: async (context, folder) => {
      await install(packages, context, folder)
      return way.prepare(context, folder)
    },
  }
}

async function install(
  packages: readonly string[],
  context: StartContext,
  folder: string,
): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('installing packages takes root')
  if (!findProgram('apt-get', context.env)) throw new Error('apt-get is not on the PATH')
  context.onProgress(`installing ${packages.join(', ')} with apt-get`)
  const env = { ...context.env, DEBIAN_FRONTEND: 'noninteractive' }
  // One installation at a time, across runs as well. The lock goes when its holder ends.
  const lock = join(await cacheFolder(context.env), 'apt-get.lock')
  const flock = findProgram('flock', context.env)
  const command = ['/bin/sh', '-c', script, 'sh', ...packages]
  await runCommand(
    flock ? [flock, lock, ...command] : command,
    { ...context, env },
    { folder, label: 'apt-get' },
  )
}
