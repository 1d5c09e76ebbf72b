import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from './cache-folder.ts'
import { processStart } from './process-identity.ts'
import type { ServiceName } from './service.ts'

/** One server that `up` started. */
export interface ServiceRecord {
  readonly name: ServiceName
  readonly address: string
  readonly how: string
  readonly pid: number | undefined
}

/** What `up` leaves behind for `status` and `down`. */
export interface ServicesState {
  /** The process that keeps the servers. It stops them all when it ends. */
  readonly pid: number
  readonly started: string
  /** Empty while the servers start. */
  readonly services: readonly ServiceRecord[]
}

/** The servers of the last `up`, or undefined when nothing is up. */
export async function readState(env: NodeJS.ProcessEnv): Promise<ServicesState | undefined> {
  const text = await readFile(await stateFile(env), 'utf8').catch(() => '')
  try {
    const state = JSON.parse(text) as ServicesState
    // After a crash the file may name an id that is some other process by now.
    return processStart(state.pid) === state.started ? state : undefined
  } catch {
    return undefined
  }
}

/** Records that this process is about to keep servers. False when another one does already. */
export async function claimState(env: NodeJS.ProcessEnv): Promise<boolean> {
  const file = await stateFile(env)
  const text = stateText([])
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      await writeFile(file, text, { flag: 'wx' })
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    if (await readState(env)) return false
    await rm(file, { force: true })
  }
  return false
}

/** Records the servers this process keeps. */
export async function writeState(
  services: readonly ServiceRecord[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const file = await stateFile(env)
  // Renamed into place, so that a reader never meets half a file.
  await writeFile(`${file}.new`, stateText(services))
  await rename(`${file}.new`, file)
}

/** Removes the record. */
export async function removeState(env: NodeJS.ProcessEnv): Promise<void> {
  await rm(await stateFile(env), { force: true })
}

function stateText(services: readonly ServiceRecord[]): string {
  const { pid } = process
  const state: ServicesState = { pid, started: processStart(pid) ?? '', services }
  return `${JSON.stringify(state, undefined, 2)}\n`
}

async function stateFile(env: NodeJS.ProcessEnv): Promise<string> {
  return join(await cacheFolder(env), 'up.json')
}
