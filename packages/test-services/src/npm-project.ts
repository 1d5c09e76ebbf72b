import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder, makeOnce } from './cache-folder.ts'

const execute = promisify(execFile)
const QUIET = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
const limit = 10 * 60_000

/** How packages are installed. */
export interface NpmProjectOptions {
  /**
   * Whether packages that say that they do not go together are installed all the same.
   * @defaultValue `false`
   */
  readonly legacyPeerDeps?: boolean
  /** @defaultValue `process.env` */
  readonly env?: NodeJS.ProcessEnv
}

/**
 * A folder in which npm has installed these packages: another major of a framework than the workspace's, or packages that
 * do not go with it. Installed once and kept for all runs, so nothing may be written into it.
 */
export async function npmProject(
  dependencies: Readonly<Record<string, string>>,
  { legacyPeerDeps = false, env = process.env }: NpmProjectOptions = {},
): Promise<string> {
  const manifest = JSON.stringify({ private: true, dependencies })
  const install = ['install', ...QUIET, ...(legacyPeerDeps ? ['--legacy-peer-deps'] : [])]
  const projects = join(await cacheFolder(env), 'npm')
  await mkdir(projects, { recursive: true })
  const digest = createHash('sha256')
    .update(`${manifest} ${install.join(' ')}`)
    .digest('hex')
  const target = join(projects, digest.slice(0, 16))
  await makeOnce(target, env, async (folder) => {
    await writeFile(join(folder, 'package.json'), manifest)
    await execute('npm', install, { cwd: folder, env, timeout: limit })
  })
  return target
}
