import { ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { startMessageSpan } from '../message-span.ts'
import type { Question, Subject } from '../question.ts'
import { registerSdk, startOurs } from '../sdk.ts'

const sender = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1, isRemote: true }

/** A span as an integration makes it: below a remote parent, described at its start and at its end. */
function spans(): Subject {
  const tracer = trace.getTracer('bench')
  const parent = trace.setSpanContext(ROOT_CONTEXT, sender)
  return {
    run(times) {
      for (let at = 0; at < times; at++) startMessageSpan(tracer, parent, sender).end()
    },
  }
}

export const question: Question = {
  title: 'A span with nine attributes and a link, of the SDK and of `startTracing`',
  unit: 'span',
  peer: 'the SDK',
  budgets: {},
  variants: {
    'the SDK': () => {
      registerSdk()
      return spans()
    },
    startTracing: () => {
      startOurs()
      return spans()
    },
    'the SDK, sampled out': () => {
      registerSdk({ sampled: false })
      return spans()
    },
    'startTracing, sampled out': () => {
      startOurs({ sampled: false })
      return spans()
    },
  },
}
