import { once } from 'node:events'
import { context } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { contextFromEnv, traceChildProcesses } from '@throughline/worker/child-process'

if (process.argv[2] === 'child') {
  // In the process below: its spans continue the trace, if it has an SDK that exports them.
  await context.with(contextFromEnv(), () => withSpan('convert', async () => {}))
} else {
  const { spawn } = traceChildProcesses()
  await withSpan('POST /images', async () => {
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, 'child'])
    child.stdout.pipe(process.stdout)
    await once(child, 'close')
  })
}
