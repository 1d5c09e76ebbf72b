import {
  Queue,
  Worker,
  createRedisBackend,
  type BackendFactory,
  type Processor,
  type Telemetry,
} from 'bullmq'
import { memoryBackends } from './memory-backend.ts'
import type { Subject } from './question.ts'
import { redisServer } from './redis-server.ts'

/** Who traces. */
export interface Kit {
  readonly telemetry?: Telemetry
  readonly processor?: (processor: Processor) => Processor
}

/** Adds jobs to a queue in this process's memory, and processes them. */
export function jobsInMemory(kit: Kit): Promise<Subject> {
  return jobs(kit, {}, memoryBackends())
}

/** The same on a real Redis. */
export async function jobsOnRedis(kit: Kit): Promise<Subject> {
  const server = await redisServer()
  const connection = { host: '127.0.0.1', port: server.port, maxRetriesPerRequest: null }
  const subject = await jobs(kit, connection, createRedisBackend)
  return {
    ...subject,
    async close() {
      await subject.close?.()
      await server.stop()
    },
  }
}

const WAVE = 50

async function jobs(
  { telemetry, processor = (fn) => fn }: Kit,
  connection: object,
  backend: BackendFactory,
): Promise<Subject> {
  const options = telemetry ? { connection, telemetry } : { connection }
  const queue = new Queue('bench', options, backend)
  let left = 0
  let done = (): void => {}
  const worker = new Worker(
    'bench',
    processor(async () => {}),
    { ...options, concurrency: 20, removeOnComplete: { count: 0 } },
    backend,
  )
  worker.on('completed', () => {
    if (--left === 0) done()
  })
  await worker.waitUntilReady()
  return {
    async run(times) {
      // In waves, so that no backlog grows, which would be in the memory of this process and nobody else's.
      for (let at = 0; at < times; at += WAVE) {
        left = Math.min(WAVE, times - at)
        const processed = new Promise<void>((resolve) => (done = resolve))
        for (let job = 0; job < left; job++) void queue.add('ship', { order: 7 })
        // oxlint-disable-next-line no-await-in-loop
        await processed
      }
    },
    async close() {
      await worker.close()
      await queue.close()
    },
  }
}
