import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder, makeOnce } from './cache-folder.ts'

const execute = promisify(execFile)
const QUIET = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
const limit = 10 * 60_000

/**
 * A folder in which npm has installed these packages: another major of a framework than the workspace's, or packages that
 * do not go with it. Installed once and kept for all runs, so nothing may be written into it.
 */
export async function npmProject(
  dependencies: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const manifest = JSON.stringify({ private: true, dependencies })
  const projects = join(await cacheFolder(env), 'npm')
  await mkdir(projects, { recursive: true })
  const digest = createHash('sha256').update(manifest).digest('hex').slice(0, 16)
  const target = join(projects, digest)
  await makeOnce(target, env, async (folder) => {
    await writeFile(join(folder, 'package.json'), manifest)
    await execute('npm', ['install', ...QUIET], { cwd: folder, env, timeout: limit })
  })
  return target
}
