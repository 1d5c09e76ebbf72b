import { trace, type Span, type TextMapPropagator, type TracerProvider } from '@opentelemetry/api'

const broken = (what: string) => (): never => {
  throw new Error(`a broken ${what}`)
}

/** A provider that fails to start every other span, as with a broken sampler, and to end the ones between. */
export function brokenProvider(): TracerProvider {
  let spans = 0
  const startSpan = (): Span => {
    if (spans++ % 2 === 0) throw new Error('a broken sampler')
    const ids = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }
    return Object.assign(trace.wrapSpanContext(ids), { end: broken('processor') })
  }
  return { getTracer: () => ({ startSpan, startActiveSpan: broken('tracer') }) }
}

export const BROKEN_PROPAGATOR: TextMapPropagator = {
  fields: () => [],
  extract: broken('propagator'),
  inject: broken('propagator'),
}

/** What the api has before an SDK is registered. */
export const SILENT_PROPAGATOR: TextMapPropagator = {
  fields: () => [],
  extract: (context) => context,
  inject() {},
}
