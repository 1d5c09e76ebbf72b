import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A structured line that a service printed. */
export interface LogLine {
  readonly service: string
  readonly message: string
  readonly traceId: string | undefined
  readonly text: string
}

/** What the SDK of a service said of its spans when it stopped. */
export interface Books {
  readonly started: number
  readonly ended: number
  readonly unended: number
  readonly lost: number
}

/** One service of the shop, in a process of its own. */
export class ServiceProcess {
  readonly name: string
  /** What it printed since it is ready. */
  readonly logs: LogLine[] = []
  /** Resolves when the service printed `ready`; rejects with its last lines when it ends before. */
  readonly ready: Promise<void>
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>
  books: Books | undefined
  readonly #child: ChildProcess
  readonly #tail: string[] = []

  constructor(name: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.name = name
    this.#child = spawn(process.execPath, args, {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.exited = new Promise((resolve) => {
      this.#child.once('close', () => resolve())
      this.#child.once('error', (error) => {
        this.#tail.push(error.message)
        resolve()
      })
    })
    this.ready = new Promise((resolve, reject) => {
      createInterface({ input: this.#child.stdout! }).on('line', (line) => {
        if (this.#onLog(line) !== 'ready') return
        this.logs.length = 0
        resolve()
      })
      createInterface({ input: this.#child.stderr! }).on('line', (line) => this.#onTracing(line))
      void this.exited.then(() => reject(this.failure('ended before it was ready')))
    })
    this.ready.catch(() => {}) // whoever waits for it is told; an aborted start has nobody left to tell
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** An error that says what the service said last. */
  failure(what: string): Error {
    const { exitCode, signalCode } = this.#child
    const how = signalCode ?? (exitCode === null ? 'not started' : `exit code ${exitCode}`)
    const said = this.#tail.slice(-30).join('\n  ')
    return new Error(`the service ${this.name} ${what} (${how})${said && `; it said:\n  ${said}`}`)
  }

  /** Asks it to stop and waits; what does not stop in time is killed. */
  async stop(timeoutMs: number): Promise<void> {
    if (!this.running) return this.exited
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs)
    await this.exited
    clearTimeout(timer)
  }

  #onLog(line: string): string | undefined {
    const record = parse(line)
    const message = record?.['msg'] ?? record?.['message']
    if (typeof message !== 'string') {
      this.#tail.push(line)
      return undefined
    }
    const traceId = record?.['trace_id']
    this.logs.push({
      service: this.name,
      message,
      traceId: typeof traceId === 'string' ? traceId : undefined,
      text: line,
    })
    return message
  }

  #onTracing(line: string): void {
    const record = parse(line)
    if (record?.['message'] === 'tracing stopped') {
      this.books = parse((record['details'] as string[])[0] ?? '') as unknown as Books
    } else {
      this.#tail.push(line)
    }
  }
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined
  }
}
