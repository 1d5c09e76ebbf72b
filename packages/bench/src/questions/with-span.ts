import { trace, type Span } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import type { Question, Subject } from '../question.ts'
import { registerSdk } from '../sdk.ts'

const tracer = trace.getTracer('bench')

function startActiveSpan(work: (span: Span) => void): void {
  tracer.startActiveSpan('work', (span) => {
    try {
      work(span)
    } finally {
      span.end()
    }
  })
}

function synchronous(call: (work: (span: Span) => void) => void): Subject {
  let sink = 0
  const work = (): void => void sink++
  return {
    run(times) {
      for (let at = 0; at < times; at++) call(work)
    },
  }
}

export const question: Question = {
  title: '`withSpan` against `startActiveSpan` with the same care for errors',
  unit: 'span',
  peer: 'startActiveSpan, recorded',
  budgets: { 'withSpan, recorded': 1.1 },
  variants: {
    'startActiveSpan, recorded': () => {
      registerSdk()
      return synchronous(startActiveSpan)
    },
    'withSpan, recorded': () => {
      registerSdk()
      return synchronous((work) => withSpan('work', work))
    },
    'startActiveSpan, no SDK': () => synchronous(startActiveSpan),
    'withSpan, no SDK': () => synchronous((work) => withSpan('work', work)),
  },
}
