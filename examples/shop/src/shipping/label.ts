import { withSpan } from '@throughline/core'
import { threadTask } from '@throughline/worker/threads'
import type { Order } from '../settings.ts'

// Runs in a worker thread, in the context of the job that asked for it.
export default threadTask((order: Order) =>
  withSpan('print label', { attributes: { 'label.format': 'zpl' } }, () =>
    Buffer.from(`^XA^FD${order.id}^XZ`).toString('base64'),
  ),
)
