import { withSpan } from '@throughline/core'
import { collectThreadSpans, traceTask } from '@throughline/worker/threads'
import { Piscina } from 'piscina'

const pool = new Piscina({ filename: new URL('label.ts', import.meta.url).href })

await withSpan('process shipping', async () => {
  const image = new ArrayBuffer(8)
  await pool.run(traceTask({ order: 7, image }), { transferList: [image] })
})
await pool.destroy()
collectThreadSpans() // before the SDK is shut down
