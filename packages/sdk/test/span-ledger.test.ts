import { TracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'
import { SpanLedger } from '../src/span-ledger.ts'
import { withRecordingTracers } from '../src/span/recording-tracers.ts'

function processor(told: (what: string) => void): SpanProcessor {
  return {
    onStart: () => told('start'),
    onEnding: () => told('ending'),
    onEnd: () => told('end'),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
}

test.each([
  ['our tracers', withRecordingTracers],
  ["the SDK's", (provider: TracerProvider) => provider],
])(
  'with %s a processor that throws reaches neither the caller nor the next processor',
  (_, wrap) => {
    const told: string[] = []
    const throwing = processor(() => {
      throw new Error('a faulty processor')
    })
    const ledger = new SpanLedger([throwing, processor((what) => told.push(what))])
    const tracer = wrap(new TracerProvider({ spanProcessors: [ledger] })).getTracer('shop')
    tracer.startSpan('work').end()
    expect(told).toEqual(['start', 'ending', 'end'])
    expect(ledger.counts).toEqual({ started: 1, ended: 1, unended: 0 })
  },
)
