import { withSpan } from '@throughline/core'
import { createJobTracer, type JobCarrier } from '@throughline/worker'

const jobs = createJobTracer({ system: 'outbox' })
const table: { id: string; to: string; trace: JobCarrier }[] = []

await withSpan('POST /users', async () => {
  await jobs.enqueue({ queue: 'mail', name: 'welcome' }, async (trace) => {
    table.push({ id: '1', to: 'ada', trace }, { id: '2', to: 'grace', trace })
  })
})

// One job at a time …
const [row] = table
await jobs.process({ queue: 'mail', name: 'welcome', attempt: 1, carrier: row!.trace }, async () =>
  withSpan('deliver', async () => {}),
)

// … or many, each with a span of its own below the batch's.
const items = table.map(({ id, trace }) => ({ id, carrier: trace }))
await jobs.processBatch({ queue: 'mail', items }, async (runItem) => {
  for (const [index] of items.entries()) await runItem(index, async () => {})
})
