import { withSpan } from '@throughline/core'
import { traceAddJob, traceTaskList } from '@throughline/worker/graphile-worker'
import { Logger, makeWorkerUtils, runOnce } from 'graphile-worker'

const connectionString = process.env['DATABASE_URL'] ?? 'postgres://postgres@localhost/postgres'
const options = { connectionString, logger: new Logger(() => () => {}) }
const taskList = traceTaskList({
  'ship-order': async (payload, helpers) => {
    await helpers.addJob('notify', payload)
  },
  notify: async () => {},
})

const utils = await makeWorkerUtils(options)
await utils.migrate()
const addJob = traceAddJob(utils.addJob)
await withSpan('POST /orders', () => addJob('ship-order', { order: 7 }))
await runOnce({ ...options, taskList })
await utils.release()
