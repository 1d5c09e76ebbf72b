import { randomUUID } from 'node:crypto'
import { describeSendConformance, type Arrive } from '@throughline/testing/conformance'
import { createRedisBackend, withBackend, type JobJson } from 'bullmq'
import { Logger, makeWorkerUtils } from 'graphile-worker'
import { PgBoss } from 'pg-boss'
import { describe, test } from 'vitest'
import { bullmqTelemetry } from '../src/bullmq/index.ts'
import { traceAddJob } from '../src/graphile-worker/index.ts'
import { tracePgBoss } from '../src/pg-boss/index.ts'

// The receiving end is the database that the engine writes jobs to: it is asked before each of them is stored.
const scope = { name: '@throughline/worker', version: '0.1.0' }
const SPAN = {
  kind: 'PRODUCER',
  attributes: ['messaging.system', 'messaging.destination.name', 'job.name'],
} as const
const OWN_FIELD = 'the carrier is in a field of ours, which nobody else writes'
const schema = `s_${randomUUID().replaceAll('-', '').slice(0, 12)}`
const connectionString = process.env['DATABASE_URL']!

interface Stored {
  readonly id: string
  readonly _throughline?: Record<string, string>
}
const arrived = (arrive: Arrive, { id, _throughline = {} }: Stored): Promise<void> =>
  arrive(id, _throughline)

describeSendConformance(
  {
    name: 'send of tracePgBoss',
    scope,
    span: SPAN,
    except: { existing: OWN_FIELD },
    async start(options, arrive) {
      const plain = new PgBoss({
        connectionString,
        schema,
        schedule: false,
        supervise: false,
        openTelemetry: { enabled: false },
      })
      plain.on('error', () => {})
      await plain.start()
      await plain.createQueue('q')
      const boss = tracePgBoss(plain, options)
      const db = {
        async executeSql(text: string, values: unknown[] = []) {
          const [job] = JSON.parse(String(values[0])) as [{ data: Stored }]
          await arrived(arrive, job.data)
          return plain.getDb().executeSql(text, values)
        },
      }
      return {
        message: (id): Parameters<typeof boss.send> => ['q', { id }, { db }] as never,
        send: (args) => boss.send(...args),
        stop: () => plain.stop({ graceful: false }),
      }
    },
  },
  { describe, test },
)

describeSendConformance(
  {
    name: 'traceAddJob',
    scope,
    span: SPAN,
    except: { existing: OWN_FIELD },
    async start(options, arrive) {
      const logger = new Logger(() => () => {})
      const utils = await makeWorkerUtils({ connectionString, schema: `g${schema}`, logger })
      await utils.migrate()
      const addJob = traceAddJob(async (identifier, payload, spec) => {
        await arrived(arrive, payload as Stored)
        return utils.addJob(identifier, payload, spec)
      }, options)
      return {
        message: (id): Parameters<typeof addJob> => ['ship', { id }, { maxAttempts: 1 }],
        send: (args) => addJob(...args),
        stop: () => utils.release(),
      }
    },
  },
  { describe, test },
)

describeSendConformance(
  {
    name: 'add of a queue with bullmqTelemetry',
    scope,
    span: SPAN,
    except: {
      existing: 'BullMQ itself replaces the metadata, unless it is told to omit the context',
    },
    async start(options, arrive) {
      const { hostname: host, port } = new URL(process.env['REDIS_URL']!)
      const { Queue } = withBackend((...args: Parameters<typeof createRedisBackend>) => {
        const backend = createRedisBackend(...args)
        const addJob = backend.addJob.bind(backend)
        backend.addJob = async (job, ...rest) => {
          await arrived(arrive, { ...JSON.parse(job.data), _throughline: carrierOf(job.opts) })
          return addJob(job, ...rest)
        }
        return backend
      })
      const queue = new Queue(`c-${randomUUID()}`, {
        connection: { host, port: Number(port), maxRetriesPerRequest: null },
        telemetry: bullmqTelemetry(options),
      })
      queue.on('error', () => {})
      await queue.waitUntilReady()
      return {
        message: (id, headers): Parameters<typeof queue.add> => {
          const own = Object.keys(headers).length > 0
          return ['ship', { id }, own ? { telemetry: { metadata: JSON.stringify(headers) } } : {}]
        },
        send: (args) => queue.add(...args),
        async stop() {
          await queue.obliterate({ force: true })
          await queue.close()
        },
      }
    },
  },
  { describe, test },
)

// BullMQ stores the metadata under a short name.
function carrierOf(opts: JobJson['opts']): Record<string, string> {
  const { telemetry, tm } = opts as { telemetry?: { metadata?: string }; tm?: string }
  return JSON.parse(tm ?? telemetry?.metadata ?? '{}') as Record<string, string>
}
