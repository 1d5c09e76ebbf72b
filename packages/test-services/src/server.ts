import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { localAddress } from './answer.ts'
import { logTail } from './log-tail.ts'
import type { GuardedProcess } from './guarded-process.ts'
import type { ServerPlan } from './server-plan.ts'
import { startProcess } from './server-start.ts'
import type { RunningService, ServiceExit, ServiceName } from './service.ts'

const run = promisify(execFile)

/** A server that was started here, and answers. */
export class Server implements RunningService {
  readonly name: ServiceName
  readonly address: string
  readonly how: string
  readonly #plan: ServerPlan
  readonly #ports: readonly number[]
  readonly #env: NodeJS.ProcessEnv
  readonly #stop: AbortController = new AbortController()
  #process: GuardedProcess
  #exited: Promise<ServiceExit>
  #alive = true
  #restarting: Promise<void> = Promise.resolve()
  #stopped: Promise<void> | undefined

  constructor(
    plan: ServerPlan,
    how: string,
    ports: readonly number[],
    env: NodeJS.ProcessEnv,
    running: GuardedProcess,
  ) {
    this.name = plan.name
    this.address = localAddress(plan.name, ports[0] ?? 0)
    this.how = how
    this.#plan = plan
    this.#ports = ports
    this.#env = env
    this.#process = running
    this.#exited = this.#watch(running)
  }

  get pid(): number {
    return this.#process.pid
  }

  get exited(): Promise<ServiceExit> {
    return this.#exited
  }

  async kill(): Promise<void> {
    if (!this.#alive) return
    const { container } = this.#plan
    // Killing the Docker client would leave the container running.
    if (container) await run('docker', ['kill', container], { env: this.#env })
    else killWithDescendants(this.pid)
    await this.#exited
  }

  restart(): Promise<void> {
    this.#restarting = this.#restarting.catch(() => {}).then(() => this.#startAgain())
    return this.#restarting
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#end()
    return this.#stopped
  }

  async #startAgain(): Promise<void> {
    this.#stop.signal.throwIfAborted()
    await this.kill()
    const command = this.#plan.commandAgain ?? (await this.#plan.command(this.#ports))
    const running = await startProcess(
      this.#plan,
      command,
      this.address,
      this.#env,
      this.#stop.signal,
    )
    this.#process = running
    this.#alive = true
    this.#exited = this.#watch(running)
  }

  async #watch(running: GuardedProcess): Promise<ServiceExit> {
    const status = await running.exited
    this.#alive = false
    return { status, logTail: await logTail(join(this.#plan.folder, 'server.log')) }
  }

  async #end(): Promise<void> {
    this.#stop.abort(new Error(`${this.name} was stopped`))
    await this.#restarting.catch(() => {})
    await this.#process.stop()
    const { container, folder } = this.#plan
    // The guard has done both, unless the server had ended before.
    if (container) {
      await run('docker', ['rm', '--force', '--volumes', container], { env: this.#env }).catch(
        () => {},
      )
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** The guard gives the server a process group of its own where the system can. */
function killWithDescendants(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    process.kill(pid, 'SIGKILL')
  }
}
