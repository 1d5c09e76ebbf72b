import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isRunning } from './process-identity.ts'
import type { ServiceName } from './service.ts'

const prefix = 'throughline-run-'
const day = 24 * 60 * 60 * 1000

/** The folder that keeps downloads and state between runs, made if absent. */
export async function cacheFolder(env: NodeJS.ProcessEnv): Promise<string> {
  const home = env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache')
  const folder = join(home, 'throughline', 'services')
  await mkdir(folder, { recursive: true })
  return folder
}

/** A new folder for the data, configuration and log of one server. */
export async function createRunFolder(name: ServiceName, env: NodeJS.ProcessEnv): Promise<string> {
  const parent = await runParent(name, env)
  await sweep(parent)
  const folder = await mkdtemp(join(parent, `${prefix}${name}-${process.pid}-`))
  await chmod(folder, 0o755)
  return folder
}

/**
 * Makes the folder `target` once for all runs: `build` fills a temporary folder that is then
 * renamed, so that runs at the same time see the whole or nothing.
 */
export async function makeOnce(
  target: string,
  env: NodeJS.ProcessEnv,
  build: (folder: string) => Promise<void>,
): Promise<void> {
  if (await exists(target)) return
  const staging = await createStagingFolder(env)
  try {
    const made = join(staging, 'made')
    await mkdir(made)
    await build(made)
    await rename(made, target).catch(async (error: unknown) => {
      // Another run was faster; its result is as good.
      if (!(await exists(target))) throw error
    })
  } finally {
    await rm(staging, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Whether there is a file or folder at this path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** A folder on the same disk as the cache, as only there a rename works. */
async function createStagingFolder(env: NodeJS.ProcessEnv): Promise<string> {
  return mkdtemp(join(await cacheRunParent(env), `${prefix}staging-${process.pid}-`))
}

async function runParent(name: ServiceName, env: NodeJS.ProcessEnv): Promise<string> {
  // PostgreSQL gives up root's rights, and root's home is closed to other users.
  if (name === 'postgres' && process.getuid?.() === 0) return tmpdir()
  return cacheRunParent(env)
}

async function cacheRunParent(env: NodeJS.ProcessEnv): Promise<string> {
  const parent = join(await cacheFolder(env), 'run')
  await mkdir(parent, { recursive: true })
  return parent
}

/** Removes what interrupted runs left. Only old folders, as the owner may be in another container. */
async function sweep(parent: string): Promise<void> {
  for (const entry of await readdir(parent)) {
    if (!entry.startsWith(prefix)) continue
    const folder = join(parent, entry)
    const found = await stat(folder).catch(() => undefined)
    if (!found || found.uid !== process.getuid?.() || Date.now() - found.mtimeMs < day) continue
    const owner = Number(entry.slice(prefix.length).split('-')[1])
    if (!isRunning(owner)) await rm(folder, { recursive: true, force: true })
  }
}
