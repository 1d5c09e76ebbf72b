import { withSpan } from '@throughline/core'
import { threadTask } from '@throughline/worker/threads'

// Runs in a thread, which needs no SDK.
const task: (order: { order: number }) => Promise<string> = threadTask((order) =>
  withSpan('print label', async () => `label of ${order.order}`),
)

export default task
