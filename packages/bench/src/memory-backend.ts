import { EventEmitter } from 'node:events'
import type { BackendFactory, IQueueBackend, JobJson } from 'bullmq'

interface Stored {
  readonly id: string
  readonly json: JobJson
  /** As text, as a store has them: the metadata of telemetry is in there, and its length has its cost. */
  readonly opts: string
}

/**
 * What BullMQ needs of a store to add and to process jobs, in memory: what is left is the time of BullMQ and of its
 * telemetry, without sockets, whose batching costs more than tracing does and varies from run to run.
 */
export function memoryBackends(): BackendFactory {
  // Taken by a position: to take the first off a long array moves all the others.
  let jobs: Stored[] = []
  let taken = 0
  let nextId = 1
  let waiting: (() => void)[] = []
  const wake = (): void => {
    const woken = waiting
    waiting = []
    for (const resolve of woken) resolve()
  }

  class MemoryBackend extends EventEmitter {
    readonly qualifiedName = 'memory'
    readonly keys = {}
    readonly minimumBlockTimeout = 0.001
    closing = false

    toKey(type: string): string {
      return `memory:${type}`
    }

    async waitUntilReady(): Promise<void> {}
    async setQueueMeta(): Promise<void> {}
    async extendLocks(): Promise<string[]> {
      return []
    }
    async moveStalledJobsToWait(): Promise<string[]> {
      return []
    }

    async addJob(json: JobJson): Promise<string> {
      const id = String(nextId++)
      jobs.push({ id, json, opts: JSON.stringify(json.opts) })
      wake()
      return id
    }

    async waitForJob(): Promise<{ score: number } | null> {
      if (taken === jobs.length) await new Promise<void>((resolve) => waiting.push(resolve))
      return taken === jobs.length ? null : { score: 0 }
    }

    async moveToActive(): Promise<unknown[]> {
      return this.#next()
    }

    async moveToCompleted(
      ...[, , , , fetchNext]: Parameters<IQueueBackend['moveToCompleted']>
    ): Promise<unknown> {
      return { result: fetchNext ? this.#next() : undefined, finishedOn: Date.now() }
    }

    async close(): Promise<void> {
      this.closing = true
      wake()
    }

    /** What a worker does that has waited long: it asks anew. */
    async disconnectBlocking(): Promise<void> {
      wake()
    }
    async reconnectBlocking(): Promise<void> {}

    #next(): unknown[] {
      if (taken === jobs.length) {
        jobs = []
        taken = 0
        return []
      }
      const { id, json, opts } = jobs[taken++]!
      return [
        { ...json, id, opts: JSON.parse(opts), processedOn: Date.now(), attemptsStarted: 1 },
        id,
      ]
    }
  }

  return () => new MemoryBackend() as unknown as IQueueBackend
}
