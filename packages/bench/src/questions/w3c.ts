import { ROOT_CONTEXT, type TextMapPropagator } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { headerGetter, objectSetter, w3cPropagator } from '@throughline/core/propagation'
import type { Question, Subject } from '../question.ts'

const headers = {
  host: 'shop.example',
  'user-agent': 'bench',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  tracestate: 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
}

function roundTrip(propagator: TextMapPropagator): Subject {
  return {
    run(times) {
      for (let at = 0; at < times; at++) {
        const extracted = propagator.extract(ROOT_CONTEXT, headers, headerGetter)
        propagator.inject(extracted, {}, objectSetter)
      }
    },
  }
}

export const question: Question = {
  title: 'Extract and inject W3C trace context',
  unit: 'round trip',
  peer: '@opentelemetry/core',
  budgets: { ours: 0.3 },
  variants: {
    '@opentelemetry/core': () => roundTrip(new W3CTraceContextPropagator()),
    ours: () => roundTrip(w3cPropagator),
  },
}
