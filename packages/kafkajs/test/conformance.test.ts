import {
  describeConformance,
  describeSendConformance,
  type EntryAdapter,
  type SendAdapter,
} from '@throughline/testing/conformance'
import { describe, test } from 'vitest'
import { traceConsumer, traceProducer } from '../src/index.ts'
import { SCOPE } from '../src/scope.ts'
import { createMemoryKafka, message } from './memory-kafka.ts'

const COMMON = [
  'messaging.system',
  'messaging.operation.name',
  'messaging.operation.type',
  'messaging.destination.name',
]

const consumer: Pick<EntryAdapter, 'scope' | 'span' | 'carrier'> = {
  scope: SCOPE,
  span: {
    kind: 'CONSUMER',
    attributes: [...COMMON, 'messaging.destination.partition.id', 'messaging.consumer.group.name'],
  },
  carrier: 'bytes',
}

const place = { topic: 'orders', partition: 0 }

const eachMessage: EntryAdapter = {
  ...consumer,
  name: 'eachMessage of kafkajs',
  async start(options, handle) {
    const memory = createMemoryKafka()
    const traced = traceConsumer(memory.kafka.consumer(), { ...options, groupId: 'g' })
    await traced.run({ eachMessage: (payload: any) => handle(payload.message.key) })
    return {
      send: async (key, headers) =>
        memory.deliver({ ...place, message: message({ key, headers }) }),
      stop() {},
    }
  },
}

const eachBatch: EntryAdapter = {
  ...consumer,
  name: 'eachBatch of kafkajs',
  relation: 'link',
  async start(options, handle) {
    const memory = createMemoryKafka()
    const traced = traceConsumer(memory.kafka.consumer(), { ...options, groupId: 'g' })
    await traced.run({ eachBatch: ({ batch }: any) => handle(batch.messages[0].key) })
    return {
      send: async (key, headers) =>
        memory.deliverBatch({ batch: { ...place, messages: [message({ key, headers })] } }),
      stop() {},
    }
  },
}

type Send = 'send' | 'sendBatch'

function sending(name: Send): SendAdapter<object> {
  return {
    name: `${name} of kafkajs`,
    scope: SCOPE,
    span: { kind: 'PRODUCER', attributes: COMMON },
    except: { existing: 'its span is then CLIENT, see existing-context.test.ts' },
    start(options, arrive) {
      const memory = createMemoryKafka()
      memory.answerWith(async () => {
        const argument = memory.sent.at(-1)
        const [{ key, headers }] = (argument.topicMessages?.[0] ?? argument).messages
        await arrive(key, headers ?? {})
        return [{ topicName: 'orders', partition: 0, baseOffset: '0' }]
      })
      const producer = traceProducer(memory.kafka.producer(), options)
      return {
        message(id, headers) {
          const record = { topic: 'orders', messages: [{ key: id, value: 'v', headers }] }
          return name === 'send' ? record : { topicMessages: [record] }
        },
        send: (argument) => producer[name](argument),
        stop() {},
      }
    },
  }
}

describeConformance(eachMessage, { describe, test })
describeConformance(eachBatch, { describe, test })
describeSendConformance(sending('send'), { describe, test })
describeSendConformance(sending('sendBatch'), { describe, test })
