import { subscribe } from 'node:diagnostics_channel'
import { isMainThread } from 'node:worker_threads'
import { SPAN_RECORD_CHANNEL } from '@throughline/core/integration'
import { createTestTracing } from '@throughline/testing'

// Loaded before a how-to program, in place of an SDK: prints all traces when the program is done.
if (isMainThread && !process.send) {
  const tracing = createTestTracing()
  const names: string[] = []
  subscribe(SPAN_RECORD_CHANNEL, (record) => names.push((record as { name: string }).name))
  process.once('exit', () => {
    const lines = names.map((name) => `(from a thread) ${name}`)
    const text = [tracing.tree(), ...lines].join('\n')
    console.log(text.replaceAll(/q-[\w-]+/g, 'shipping'))
  })
}
