import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Turn } from './measure.ts'

/** What a process is asked to do. */
export interface Order {
  readonly what: 'turn' | 'allocated' | 'close'
  readonly variant: string
}

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url))
// Young objects get room from the start, so that allocation can be read off the heap, and so that few of them grow old by the
// chance of when they are looked at. The thread collects its own garbage: helpers wait busily for each other.
const SEMI_SPACE = ['--min-semi-space-size=256', '--max-semi-space-size=256']
const FLAGS = ['--expose-gc', '--single-threaded-gc', ...SEMI_SPACE]

/** A process that holds variants of one question, set up and warm. It does nothing but when it is its turn. */
export class BenchProcess {
  readonly #child: ChildProcess
  readonly #exited: Promise<never>

  private constructor(child: ChildProcess, what: string) {
    this.#child = child
    this.#exited = once(child, 'exit').then(([code]) => {
      throw new Error(`${what} ended with code ${code}`)
    })
    this.#exited.catch(() => {}) // who waits for an answer is told
  }

  static async start(question: string, variants: readonly string[]): Promise<BenchProcess> {
    const child = fork(CHILD, [question, ...variants], { execArgv: FLAGS })
    const started = new BenchProcess(child, [question, ...variants].join(': '))
    await started.#answer()
    return started
  }

  turn(variant: string): Promise<Turn> {
    return this.#ask({ what: 'turn', variant })
  }

  allocated(variant: string): Promise<number> {
    return this.#ask({ what: 'allocated', variant })
  }

  async close(): Promise<void> {
    const exit = once(this.#child, 'exit')
    this.#child.send({ what: 'close', variant: '' } satisfies Order)
    await exit
  }

  #ask<T>(order: Order): Promise<T> {
    this.#child.send(order)
    return this.#answer()
  }

  async #answer<T>(): Promise<T> {
    const [answer] = await Promise.race([once(this.#child, 'message'), this.#exited])
    return answer as T
  }
}
