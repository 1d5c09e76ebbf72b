import { trace, type Attributes } from '@opentelemetry/api'
import { SamplingDecision } from '@opentelemetry/sdk-trace'
import { startTracing } from '@throughline/sdk'
import { expect, test } from 'vitest'

test('a sampler that cannot describe itself does not stop the start, and is given the attributes', async () => {
  const seen: Attributes[] = []
  const tracing = startTracing({
    signals: false,
    sampler: {
      shouldSample(_context, _traceId, _name, _kind, attributes) {
        seen.push(attributes)
        return { decision: SamplingDecision.NOT_RECORD }
      },
      toString() {
        throw new Error('no description')
      },
    },
  })
  trace
    .getTracer('test')
    .startSpan('order', { attributes: { 'order.id': 7 } })
    .end()
  expect(seen).toEqual([{ 'order.id': 7 }])
  await tracing.shutdown()
})
