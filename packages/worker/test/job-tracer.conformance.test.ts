import { describeConformance, describeSendConformance } from '@throughline/testing/conformance'
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

describeSendConformance(
  {
    name: 'enqueue of createJobTracer',
    scope: { name: '@throughline/worker', version: '0.1.0' },
    span: {
      kind: 'PRODUCER',
      attributes: ['messaging.system', 'messaging.destination.name', 'job.name'],
    },
    except: { existing: 'a job is enqueued without headers: its carrier is made by the tracer' },

    start(options, arrive) {
      const jobs = createJobTracer({ system: 'test', ...options })
      return {
        message: (id) => [id],
        send: ([id]: string[]) =>
          jobs.enqueue({ queue: 'q', name: 'n' }, ({ v: _v, at: _at, ...headers }) =>
            arrive(id!, headers as Record<string, string>),
          ),
        stop: () => {},
      }
    },
  },
  { describe, test },
)
