import { receivingBatches } from '../kafka-subject.ts'
import type { Question } from '../question.ts'

export const question: Question = {
  title: 'An `eachBatch` of 100 messages of 100 senders, sampled out, with the client stubbed',
  unit: 'message',
  base: 'no tracing',
  peer: 'instrumentation-kafkajs',
  budgets: { '@throughline/kafkajs': 0.02 },
  variants: {
    'no tracing': () => receivingBatches({ by: 'no one', sdk: 'none' }),
    '@throughline/kafkajs': () => receivingBatches({ by: 'throughline', sdk: 'sampled out' }),
    'instrumentation-kafkajs': () => receivingBatches({ by: 'peer', sdk: 'sampled out' }),
  },
}
