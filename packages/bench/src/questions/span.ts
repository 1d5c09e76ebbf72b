import { ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import type { Question, Subject } from '../question.ts'
import { registerSdk, startOurs } from '../sdk.ts'

const sender = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1, isRemote: true }

/** A span as an integration makes it: below a remote parent, described at its start and at its end. */
function spans(): Subject {
  const tracer = trace.getTracer('bench')
  const parent = trace.setSpanContext(ROOT_CONTEXT, sender)
  return {
    run(times) {
      for (let at = 0; at < times; at++) {
        const attributes = {
          'messaging.system': 'kafka',
          'messaging.operation.name': 'process',
          'messaging.operation.type': 'process',
          'messaging.destination.name': 'orders',
          'messaging.destination.partition.id': '0',
          'messaging.consumer.group.name': 'billing',
        }
        const kind = SpanKind.CONSUMER
        const span = tracer.startSpan('process orders', { kind, attributes }, parent)
        if (span.isRecording()) {
          span.addLink({ context: sender })
          span.setAttributes({
            'messaging.kafka.offset': at,
            'messaging.kafka.message.key': 'order-1',
            'kafka.record.queue_time_ms': 3,
          })
        }
        span.end()
      }
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
