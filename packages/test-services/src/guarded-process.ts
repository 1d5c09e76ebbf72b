import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

const guard = join(import.meta.dirname, 'guard.sh')

/** What to run under a guard. */
export interface GuardedCommand {
  /** The program's full path and its arguments. */
  readonly command: readonly string[]
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  /** Emptied, then receives both outputs. A file and no pipe: a busy parent must not hold up the program. */
  readonly logFile: string
  /** First signal on a stop. */
  readonly stopSignal: 'TERM' | 'QUIT' | 'KILL'
  /** Removes the folder on a stop, also when this process has died. */
  readonly removeFolder?: boolean
  /** Removes this Docker container on a stop, also when this process has died. */
  readonly container?: string
}

/** A program that ends when it is stopped, and at the latest when this process ends. */
export interface GuardedProcess {
  readonly pid: number
  /** The exit status as a shell reports it, once the program and its guard are gone. */
  readonly exited: Promise<number>
  stop(): Promise<void>
}

/** Starts a program under `guard.sh`. */
export async function startGuarded(options: GuardedCommand): Promise<GuardedProcess> {
  const { command, folder, env, stopSignal, removeFolder, container } = options
  const log = openSync(options.logFile, 'w')
  const child = spawn(
    '/bin/sh',
    [guard, stopSignal, removeFolder ? folder : '', container ?? '', ...command],
    // Detached: a Ctrl-C in the terminal reaches this process alone, which then stops in order.
    { cwd: folder, env, detached: true, stdio: ['pipe', log, log, 'pipe'] },
  )
  closeSync(log)
  const exited = once(child, 'exit').then(([code, signal]) => exitStatus(code, signal))
  // Whoever awaits it gets the failure; without this line it would also count as unhandled.
  exited.catch(() => {})
  child.stdin?.on('error', () => {})
  const stop = async (): Promise<void> => {
    child.stdin?.end()
    await exited
  }
  const pid = Number(await readAll(child.stdio[3] as Readable))
  if (!pid) throw new Error(`could not start a shell: status ${await exited}`)
  return { pid, exited, stop }
}

async function readAll(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}

function exitStatus(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + constants.signals[signal ?? 'SIGKILL']
}
