import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished, vi } from 'vitest'
import type { StartContext } from '../src/service.ts'

const fakeRedis = fileURLToPath(new URL('./fake-redis.mjs', import.meta.url))

// On a busy machine it takes its time to start processes.
vi.setConfig({ testTimeout: 20_000 })

/** A machine on which only the named programs exist: its own `PATH`, home and cache folder. */
export interface FakeMachine {
  readonly env: NodeJS.ProcessEnv
  readonly folder: string
  /** Adds a program, as the body of a shell script. */
  readonly addProgram: (name: string, script: string) => Promise<void>
  /** Adds a `redis-server`; see `fake-redis.mjs` for its faults. */
  readonly addRedis: () => Promise<void>
  /** Folders of servers that were not removed. */
  readonly runFolders: () => Promise<string[]>
}

/** `onFinish` must be the test's own `onTestFinished` in tests that run at the same time. */
export async function fakeMachine(
  onFinish: typeof onTestFinished = onTestFinished,
): Promise<FakeMachine> {
  const folder = await mkdtemp(join(tmpdir(), 'test-services-'))
  onFinish(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const bin = join(folder, 'bin')
  await mkdir(bin)
  const addProgram = async (name: string, script: string): Promise<void> => {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`)
    await chmod(join(bin, name), 0o755)
  }
  return {
    folder,
    env: { PATH: bin, HOME: folder, XDG_CACHE_HOME: join(folder, 'cache') },
    addProgram,
    addRedis: () => addProgram('redis-server', `exec '${process.execPath}' '${fakeRedis}' "$@"`),
    runFolders: () => readdir(join(folder, 'cache', 'throughline', 'services', 'run')),
  }
}

/** The script of a program that acts as Redis. */
export const fakeRedisCommand: readonly string[] = [process.execPath, fakeRedis]

/** A context for starts on this machine. */
export function contextFor(machine: FakeMachine, signal?: AbortSignal): StartContext {
  return {
    env: machine.env,
    signal: signal ?? new AbortController().signal,
    onProgress: () => {},
  }
}

/** Resolves as soon as the check passes. */
export async function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 10_000, interval: 20 })
}
