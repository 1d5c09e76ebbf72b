import { BullMQOtel } from 'bullmq-otel'
import { bullmqTelemetry, traceProcessor } from '@throughline/worker/bullmq'
import { bareTelemetry } from '../bare-telemetry.ts'
import { jobsOnRedis } from '../bullmq-subject.ts'
import type { Question } from '../question.ts'
import { registerSdk } from '../sdk.ts'

export const question: Question = {
  title: 'A BullMQ job, added and processed on Redis: the CPU time of the application',
  unit: 'job',
  base: 'no tracing',
  peer: 'bullmq-otel',
  budgets: {},
  variants: {
    'no tracing': () => jobsOnRedis({}),
    '@throughline/worker': () => {
      registerSdk()
      return jobsOnRedis({ telemetry: bullmqTelemetry(), processor: (fn) => traceProcessor(fn) })
    },
    'two bare SDK spans': () => {
      registerSdk()
      return jobsOnRedis({ telemetry: bareTelemetry() })
    },
    'bullmq-otel': () => {
      registerSdk()
      return jobsOnRedis({ telemetry: new BullMQOtel({ tracerName: 'bench' }) })
    },
  },
}
