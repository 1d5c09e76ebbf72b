import { withSpan } from '@throughline/core'
import { traceBossJob, tracePgBoss } from '@throughline/worker/pg-boss'
import { PgBoss } from 'pg-boss'

const boss = tracePgBoss(
  new PgBoss({
    connectionString: process.env['DATABASE_URL'] ?? 'postgres://postgres@localhost/postgres',
    openTelemetry: { enabled: false }, // pg-boss's own spans
  }),
)
await boss.start()
await boss.createQueue('shipping')

await withSpan('POST /orders', () =>
  boss.insert('shipping', [{ data: { order: 7 } }, { data: { order: 8 } }]),
)
await new Promise<void>((resolve) => {
  // With metadata, spans know how long a job waited.
  const options = { batchSize: 10, includeMetadata: true } as const
  void boss.work('shipping', options, async (jobs) => {
    for (const job of jobs) await traceBossJob(job, async () => withSpan('print label', () => {}))
    setImmediate(resolve)
  })
})
await boss.stop()
