import type { ReceivedMessage } from '../src/client.ts'

type Handler = (payload: object) => unknown

export interface RunConfig {
  eachMessage?: Handler
  eachBatch?: Handler
  partitionsConsumedConcurrently?: number
}

type Partitioner = (args: object) => unknown

type Send = (argument: object) => Promise<unknown>

export interface MemoryProducer {
  send: Send
  sendBatch: Send
  transaction: () => Promise<{
    send: Send
    sendBatch: Send
    commit: () => Promise<string>
    abort: () => Promise<string>
  }>
}

export interface MemoryConsumer {
  run: (config?: RunConfig) => Promise<string>
}

export interface MemoryKafka {
  readonly kafka: {
    producer: (config?: object) => MemoryProducer
    consumer: (config?: { groupId: string }) => MemoryConsumer
  }
  /** What the transport was given, in order. */
  readonly sent: any[]
  /** What the consumers were run with, in order. */
  readonly runs: RunConfig[]
  /** How the transport answers from now on. */
  readonly answerWith: (answer: () => Promise<unknown>) => void
  readonly deliver: (payload: object) => unknown
  readonly deliverBatch: (payload: object) => unknown
}

/** A client of kafkajs's shape whose transport is memory: for what is not kafkajs's own doing. */
export function createMemoryKafka(): MemoryKafka {
  const sent: object[] = []
  const runs: RunConfig[] = []
  let answer = (): Promise<unknown> => Promise.resolve([])
  const send = (argument: object, partitioner?: Partitioner): Promise<unknown> => {
    sent.push(argument)
    const { topic, messages = [] } = argument as { topic?: string; messages?: readonly object[] }
    if (partitioner) for (const one of messages) partitioner({ topic, message: one })
    return answer()
  }
  const messages = (partitioner?: Partitioner) => ({
    send: (record: object) => send(record, partitioner),
    sendBatch: (batch: object) => send(batch),
  })
  const commit = (): Promise<string> => Promise.resolve('committed')
  const abort = (): Promise<string> => Promise.resolve('aborted')
  return {
    kafka: {
      producer: (config: { createPartitioner?: () => Partitioner } = {}) => ({
        ...messages(config.createPartitioner?.()),
        transaction: () => Promise.resolve({ ...messages(), commit, abort }),
      }),
      consumer: () => ({
        run: (config) => {
          if (config) runs.push(config)
          return Promise.resolve('running')
        },
      }),
    },
    sent,
    runs,
    answerWith: (next) => {
      answer = next
    },
    deliver: (payload) => runs.at(-1)!.eachMessage!(payload),
    deliverBatch: (payload) => runs.at(-1)!.eachBatch!(payload),
  }
}

let offset = 0

export function message(fields: Partial<ReceivedMessage> = {}): ReceivedMessage {
  return { key: null, value: Buffer.from('v'), offset: String(offset++), headers: {}, ...fields }
}

/** The headers that a sender with this trace and span id would have written. */
export function sentBy(digit: string, span: string = digit): { traceparent: Buffer } {
  return { traceparent: Buffer.from(`00-${digit.repeat(32)}-${span.repeat(16)}-01`) }
}
