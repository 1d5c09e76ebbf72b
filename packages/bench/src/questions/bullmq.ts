import { BullMQOtel } from 'bullmq-otel'
import { bullmqTelemetry, traceProcessor } from '@throughline/worker/bullmq'
import { CARRYING_TELEMETRY, IDLE_TELEMETRY, bareTelemetry } from '../bare-telemetry.ts'
import { jobsInMemory } from '../bullmq-subject.ts'
import type { Question } from '../question.ts'
import { registerSdk, startOurs } from '../sdk.ts'

// The peer makes three spans a job, one of them of BullMQ's own completing. What two spans cost that say nothing is the
// floor for everybody who makes them with the SDK.
export const question: Question = {
  title: 'A BullMQ job, added and processed, at two spans a job, with the store in memory',
  unit: 'job',
  base: 'no tracing',
  peer: 'bullmq-otel',
  turns: 60,
  budgets: { '@throughline/worker': 0.35, '@throughline/worker with startTracing': 0.35 },
  variants: {
    'no tracing': () => jobsInMemory({}),
    '@throughline/worker': () => {
      registerSdk()
      return jobsInMemory({ telemetry: bullmqTelemetry(), processor: (fn) => traceProcessor(fn) })
    },
    '@throughline/worker with startTracing': () => {
      startOurs()
      return jobsInMemory({ telemetry: bullmqTelemetry(), processor: (fn) => traceProcessor(fn) })
    },
    '@throughline/worker, telemetry alone': () => {
      registerSdk()
      return jobsInMemory({ telemetry: bullmqTelemetry() })
    },
    '@throughline/worker, sampled out': () => {
      registerSdk({ sampled: false })
      return jobsInMemory({ telemetry: bullmqTelemetry(), processor: (fn) => traceProcessor(fn) })
    },
    'telemetry that does nothing': () => jobsInMemory({ telemetry: IDLE_TELEMETRY }),
    'a context carried, and no span': () => {
      startOurs()
      return jobsInMemory({ telemetry: CARRYING_TELEMETRY })
    },
    'two bare SDK spans': () => {
      registerSdk()
      return jobsInMemory({ telemetry: bareTelemetry() })
    },
    'two bare spans with startTracing': () => {
      startOurs()
      return jobsInMemory({ telemetry: bareTelemetry() })
    },
    'bullmq-otel': () => {
      registerSdk()
      return jobsInMemory({ telemetry: new BullMQOtel({ tracerName: 'bench' }) })
    },
    'bullmq-otel, sampled out': () => {
      registerSdk({ sampled: false })
      return jobsInMemory({ telemetry: new BullMQOtel({ tracerName: 'bench' }) })
    },
  },
}
