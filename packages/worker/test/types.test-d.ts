import { Queue, Worker, type Job, type Processor } from 'bullmq'
import { PgBoss } from 'pg-boss'
import PgBoss10 from 'pg-boss-10'
import PgBoss11 from 'pg-boss-11'
import { Piscina } from 'piscina'
import { bullmqTelemetry, traceProcessor } from '../src/bullmq/index.ts'
import { tracePgBoss } from '../src/pg-boss/index.ts'
import { threadTask, traceTask } from '../src/threads/index.ts'

// Compiled by `tsc`, never run: how the functions are meant to be written has to pass without annotations.
interface Order {
  readonly id: number
}
const connection = { host: 'localhost' }
const telemetry = bullmqTelemetry({ relation: ({ queue }) => (queue === 'a' ? 'parent' : 'link') })

export const queue: Queue<Order> = new Queue<Order>('a', { connection, telemetry })
export const loose: Worker = new Worker(
  'a',
  traceProcessor(async (job) => job.updateProgress(job.data.id)),
  { connection },
)
export const strict: Worker<Order, string> = new Worker<Order, string>(
  'a',
  traceProcessor(async (job, _token, signal) => String(job.data.id) + signal?.reason),
  { connection, telemetry },
)
export const processor: Processor<Order, number> = traceProcessor(
  async (job: Job<Order>) => job.data.id,
)

export const label: (order: Order) => string = threadTask((order: Order) => `${order.id}`)
const pool = new Piscina({ filename: 'label.js' })
export const labels: Promise<unknown> = pool.run(traceTask({ id: 1 }))

export const boss10: PgBoss10 = tracePgBoss(new PgBoss10('postgres://localhost'))
export const boss11: PgBoss11 = tracePgBoss(new PgBoss11('postgres://localhost'))
export const boss: PgBoss = tracePgBoss(new PgBoss('postgres://localhost'), { native: true })
