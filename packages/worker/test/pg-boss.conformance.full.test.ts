import { randomUUID } from 'node:crypto'
import { describeConformance } from '@throughline/testing/conformance'
import { PgBoss as PgBoss12 } from 'pg-boss'
import PgBoss10 from 'pg-boss-10'
import PgBoss11 from 'pg-boss-11'
import { describe, test } from 'vitest'
import { tracePgBoss } from '../src/pg-boss/index.ts'

const FAST = { pollingIntervalSeconds: 0.5, includeMetadata: true } as const
const VERSIONS = {
  10: PgBoss10 as unknown as typeof PgBoss12,
  11: PgBoss11 as unknown as typeof PgBoss12,
  12: PgBoss12,
}

for (const [version, PgBoss] of Object.entries(VERSIONS)) {
  const schema = `c_${randomUUID().replaceAll('-', '')}`.slice(0, 20)

  describeConformance(
    {
      name: `tracePgBoss with pg-boss ${version}`,
      scope: { name: '@throughline/worker', version: '0.1.0' },
      span: {
        kind: 'CONSUMER',
        attributes: ['messaging.system', 'messaging.destination.name', 'job.name', 'job.attempt'],
      },
      relation: 'link',
      timeoutMs: 10_000, // it polls twice a second at most
      async start(options, handle) {
        const plain = new PgBoss({
          connectionString: process.env['DATABASE_URL']!,
          schema,
          schedule: false,
          openTelemetry: { enabled: false },
        })
        plain.on('error', () => {})
        const boss = tracePgBoss(plain, options)
        await boss.start()
        const queue = `q-${randomUUID()}`
        await boss.createQueue(queue)
        const waiting = new Map<string, () => void>()
        const work = (): Promise<string> =>
          boss.work<{ id: string }>(queue, FAST, async ([job]) => {
            try {
              await handle(job!.data.id)
            } finally {
              setImmediate(() => waiting.get(job!.data.id)?.())
            }
          })
        await Promise.all(Array.from({ length: 10 }, work))
        return {
          async send(id, carrier) {
            const done = new Promise<void>((resolve) => {
              waiting.set(id, resolve)
            })
            await plain.send(queue, { id, _throughline: carrier }, { retryLimit: 0 })
            await done
          },
          stop: () => plain.stop({ graceful: false }),
        }
      },
    },
    { describe, test },
  )
}
