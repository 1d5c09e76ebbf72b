import { bareMessageSpans, receivingMessages } from '../kafka-subject.ts'
import type { Question } from '../question.ts'

export const question: Question = {
  title: 'An `eachMessage` of kafkajs, with the client stubbed',
  unit: 'message',
  base: 'no tracing',
  peer: 'instrumentation-kafkajs',
  turns: 60,
  budgets: { '@throughline/kafkajs': 0.8, '@throughline/kafkajs with startTracing': 0.5 },
  variants: {
    'no tracing': () => receivingMessages({ by: 'no one', sdk: 'none' }),
    'a bare SDK span with the same attributes': bareMessageSpans,
    '@throughline/kafkajs': () => receivingMessages({ by: 'throughline', sdk: 'recording' }),
    '@throughline/kafkajs with startTracing': () =>
      receivingMessages({ by: 'throughline', sdk: 'startTracing' }),
    '@throughline/kafkajs, sampled out': () =>
      receivingMessages({ by: 'throughline', sdk: 'sampled out' }),
    'instrumentation-kafkajs': () => receivingMessages({ by: 'peer', sdk: 'recording' }),
    'instrumentation-kafkajs, sampled out': () =>
      receivingMessages({ by: 'peer', sdk: 'sampled out' }),
  },
}
