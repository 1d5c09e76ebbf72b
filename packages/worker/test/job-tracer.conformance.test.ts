import { describeConformance } from '@throughline/testing/conformance'
import { describe, test } from 'vitest'
import { createJobTracer } from '../src/index.ts'

for (const relation of ['link', 'parent'] as const) {
  describeConformance(
    {
      name: `createJobTracer with the relation "${relation}"`,
      scope: { name: '@throughline/worker', version: '0.1.0' },
      span: {
        kind: 'CONSUMER',
        attributes: ['messaging.system', 'messaging.destination.name', 'job.name', 'job.attempt'],
      },
      relation,

      start(options, handle) {
        const jobs = createJobTracer({ system: 'test', relation, ...options })
        return {
          send: (id, carrier) =>
            jobs
              .process({ queue: 'q', name: 'n', attempt: 1, carrier }, () => handle(id))
              .catch(() => {}),
          stop: () => {},
        }
      },
    },
    { describe, test },
  )
}
