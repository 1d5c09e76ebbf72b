import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { answer } from './answer.ts'
import { startGuarded, type GuardedProcess } from './guarded-process.ts'
import { logTail } from './log-tail.ts'
import type { ServerPlan } from './server-plan.ts'

const startLimit = 60_000
const pause = 25
const portTaken =
  /address (is )?already in use|EADDRINUSE|failed to bind|could not bind|port is already allocated/i

/** A server's process ended before it answered. */
export class EarlyExit extends Error {
  /** Whether its log says that another program listens on its port. */
  readonly portTaken: boolean

  constructor(status: number, log: string) {
    super(`it ended with status ${status} before it answered; the end of its log:\n${log}`)
    this.name = 'EarlyExit'
    this.portTaken = portTaken.test(log)
  }
}

/** Starts the process of a server and waits until the server answers. */
export async function startProcess(
  plan: ServerPlan,
  command: readonly string[],
  address: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<GuardedProcess> {
  signal.throwIfAborted()
  const { folder, stopSignal, container } = plan
  const logFile = join(folder, 'server.log')
  const running = await startGuarded({
    command,
    folder,
    env,
    logFile,
    stopSignal,
    removeFolder: true,
    ...(container ? { container } : {}),
  })
  try {
    await answered(plan, address, running, logFile, signal)
    return running
  } catch (error) {
    await running.stop()
    throw error
  }
}

async function answered(
  plan: ServerPlan,
  address: string,
  running: GuardedProcess,
  logFile: string,
  signal: AbortSignal,
): Promise<void> {
  const limit = AbortSignal.timeout(startLimit)
  const exited = running.exited.then(async (status) => {
    throw new EarlyExit(status, await logTail(logFile))
  })
  exited.catch(() => {})
  for (;;) {
    signal.throwIfAborted()
    if (limit.aborted) {
      const log = await logTail(logFile)
      throw new Error(
        `it did not answer within ${startLimit / 1000} s; the end of its log:\n${log}`,
      )
    }
    const asked = answer[plan.name](address).catch(() => undefined)
    const identity = await Promise.race([exited, asked])
    // Another server may answer on this port; then ours is about to end, for want of it.
    const ours = identity !== undefined && (plan.isOurs?.(identity, running.pid) ?? true)
    if (ours) return
    await Promise.race([exited, wait(pause)])
  }
}
