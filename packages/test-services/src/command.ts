import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { startGuarded } from './guarded-process.ts'
import { logTail } from './log-tail.ts'
import type { StartContext } from './service.ts'

const installLimit = 5 * 60_000

/** Where a command runs and how long it may take. */
export interface CommandOptions {
  /** Working directory, which also takes the command's log. */
  readonly folder: string
  /**
   * Time limit in milliseconds.
   * @defaultValue 5 minutes
   */
  readonly limit?: number
  /** Called in the error instead of the program's file name. */
  readonly label?: string
}

/** Runs a command to its end and returns its output. A failure holds the end of that output. */
export async function runCommand(
  command: readonly string[],
  context: StartContext,
  options: CommandOptions,
): Promise<string> {
  const { folder, limit = installLimit, label = basename(command[0] ?? '') } = options
  context.signal.throwIfAborted()
  const logFile = join(folder, 'command.log')
  const running = await startGuarded({
    command,
    folder,
    env: context.env,
    logFile,
    stopSignal: 'TERM',
  })
  const timeout = AbortSignal.timeout(limit)
  const stop = (): void => void running.stop()
  const ended = AbortSignal.any([context.signal, timeout])
  ended.addEventListener('abort', stop)
  if (ended.aborted) stop()
  const status = await running.exited
  ended.removeEventListener('abort', stop)
  context.signal.throwIfAborted()
  if (timeout.aborted) throw new Error(`${label} took longer than ${limit / 1000} s`)
  if (status !== 0) {
    throw new Error(`${label} ended with status ${status}:\n${await logTail(logFile)}`)
  }
  return readFile(logFile, 'utf8')
}
