import { randomUUID } from 'node:crypto'
import { describeConformance } from '@throughline/testing/conformance'
import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import { describe, test } from 'vitest'
import { traceTaskList } from '../src/graphile-worker/index.ts'

const logger = new Logger(() => () => {})
const schema = `c_${randomUUID().replaceAll('-', '')}`.slice(0, 20)

describeConformance(
  {
    name: 'traceTaskList',
    scope: { name: '@throughline/worker', version: '0.1.0' },
    span: {
      kind: 'CONSUMER',
      attributes: ['messaging.system', 'messaging.destination.name', 'job.name', 'job.attempt'],
    },
    relation: 'link',
    async start(options, handle) {
      const connectionString = process.env['DATABASE_URL']!
      const shared = { connectionString, schema, logger }
      const utils = await makeWorkerUtils(shared)
      await utils.migrate()
      const task = `t-${randomUUID()}`
      const waiting = new Map<string, () => void>()
      const taskList = traceTaskList(
        { [task]: (payload: unknown) => handle((payload as { id: string }).id) },
        options,
      )
      const runner = await run({ ...shared, taskList, concurrency: 10, noHandleSignals: true })
      runner.events.on('job:complete', ({ job }) => {
        waiting.get((job.payload as { id: string }).id)?.()
      })
      return {
        async send(id, carrier) {
          const done = new Promise<void>((resolve) => {
            waiting.set(id, resolve)
          })
          await utils.addJob(task, { id, _throughline: carrier }, { maxAttempts: 1 })
          await done
        },
        async stop() {
          await runner.stop()
          await utils.release()
        },
      }
    },
  },
  { describe, test },
)
