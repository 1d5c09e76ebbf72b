import { sending } from '../kafka-subject.ts'
import type { Question } from '../question.ts'

export const question: Question = {
  title: 'A kafkajs `send` of 100 messages, with the client stubbed',
  unit: 'message',
  base: 'no tracing',
  peer: 'instrumentation-kafkajs',
  budgets: { '@throughline/kafkajs': 0.06 },
  variants: {
    'no tracing': () => sending({ by: 'no one', sdk: 'none' }),
    '@throughline/kafkajs': () => sending({ by: 'throughline', sdk: 'recording' }),
    '@throughline/kafkajs, sampled out': () => sending({ by: 'throughline', sdk: 'sampled out' }),
    'instrumentation-kafkajs': () => sending({ by: 'peer', sdk: 'recording' }),
    'instrumentation-kafkajs, sampled out': () => sending({ by: 'peer', sdk: 'sampled out' }),
  },
}
