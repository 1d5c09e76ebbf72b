import { receivingBatches, receivingMessages, sending } from '../kafka-subject.ts'
import type { Question } from '../question.ts'

// Within a tenth of a microsecond there is no ratio to go by: what a variant adds to its own base is what counts, at most
// 0.15 µs a message.
export const question: Question = {
  title: 'kafkajs where no SDK is registered, with the client stubbed',
  unit: 'message',
  peer: 'instrumentation-kafkajs, eachMessage',
  budgets: {},
  variants: {
    'no tracing, send of 100': () => sending({ by: 'no one', sdk: 'none' }),
    '@throughline/kafkajs, send of 100': () => sending({ by: 'throughline', sdk: 'none' }),
    'instrumentation-kafkajs, send of 100': () => sending({ by: 'peer', sdk: 'none' }),
    'no tracing, eachBatch of 100': () => receivingBatches({ by: 'no one', sdk: 'none' }),
    '@throughline/kafkajs, eachBatch of 100': () =>
      receivingBatches({ by: 'throughline', sdk: 'none' }),
    'instrumentation-kafkajs, eachBatch of 100': () =>
      receivingBatches({ by: 'peer', sdk: 'none' }),
    'no tracing, eachMessage': () => receivingMessages({ by: 'no one', sdk: 'none' }),
    '@throughline/kafkajs, eachMessage': () =>
      receivingMessages({ by: 'throughline', sdk: 'none' }),
    'instrumentation-kafkajs, eachMessage': () => receivingMessages({ by: 'peer', sdk: 'none' }),
  },
}
