import {
  ROOT_CONTEXT,
  defaultTextMapGetter,
  defaultTextMapSetter,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { headerGetter, objectSetter, w3cPropagator } from '@throughline/core/propagation'
import type { Question, Subject } from '../question.ts'

const hex = (bytes: number): string => crypto.getRandomValues(Buffer.alloc(bytes)).toString('hex')

// No two requests have the same ids.
const REQUESTS = Array.from({ length: 256 }, () => ({
  host: 'shop.example',
  'user-agent': 'bench',
  traceparent: `00-${hex(16)}-${hex(8)}-01`,
  tracestate: 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
}))

/** Each propagator reads and writes by the getter and the setter that it is used with. */
function roundTrip(
  propagator: TextMapPropagator,
  getter: TextMapGetter,
  setter: TextMapSetter,
): Subject {
  return {
    run(times) {
      for (let at = 0; at < times; at++) {
        const extracted = propagator.extract(ROOT_CONTEXT, REQUESTS[at & 255], getter)
        propagator.inject(extracted, {}, setter)
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
    '@opentelemetry/core': () =>
      roundTrip(new W3CTraceContextPropagator(), defaultTextMapGetter, defaultTextMapSetter),
    ours: () => roundTrip(w3cPropagator, headerGetter, objectSetter),
  },
}
