import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const MARK = 'THROUGHLINE_TEST_MARK'

/** A run of the demo on servers of its own. */
export class DemoProcess {
  readonly child: ChildProcess
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>
  readonly #mark: string = randomUUID()
  #stdout = ''
  #stderr = ''
  readonly #watchers = new Set<() => void>()

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const main = fileURLToPath(new URL('../demo/main.ts', import.meta.url))
    this.child = spawn(process.execPath, [main, ...args], {
      env: { ...withoutServers(process.env), ...env, [MARK]: this.#mark },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child.stdout!.on('data', (chunk: Buffer) => (this.#stdout += chunk.toString()))
    createInterface({ input: this.child.stderr! }).on('line', (line) => {
      this.#stderr += `${line}\n`
      for (const watcher of this.#watchers) watcher()
    })
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code) => {
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr })
        for (const watcher of this.#watchers) watcher()
      })
    })
  }

  /** Resolves when the demo's progress says this; rejects when it ends before. */
  says(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.#stderr.includes(text)) resolve()
        else if (this.child.exitCode !== null) reject(new Error(`ended first: ${this.#stderr}`))
        else return
        this.#watchers.delete(look)
      }
      this.#watchers.add(look)
      look()
    })
  }

  /** The command lines of all processes that this run started and that still live, by process id. */
  processes(): Map<number, string> {
    const found = new Map<number, string>()
    for (const entry of readdirSync('/proc')) {
      const pid = Number(entry)
      if (!Number.isInteger(pid)) continue
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'utf8').includes(this.#mark)) continue
        found.set(pid, readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))
      } catch {
        // It ended while we looked, or is somebody else's.
      }
    }
    return found
  }
}

// The demo is to start servers of its own, whatever the test run has.
function withoutServers(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const copy = { ...env }
  for (const address of ['KAFKA_BROKERS', 'REDIS_URL', 'DATABASE_URL']) delete copy[address]
  return copy
}
