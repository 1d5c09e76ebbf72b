import type { Attributes, Counter, Gauge, Meter } from '@opentelemetry/api'
import { ATTR, guard } from '@throughline/core/integration'
import type { ConsumerTracing } from './options.ts'
import { describeKafkaError } from './outcome.ts'

/** What kafkajs says of its consumers by itself; Confluent's client says nothing. */
interface Emitter {
  readonly events?: Readonly<Record<string, string>>
  readonly on?: (name: string, listener: (event: { readonly payload: Payload }) => void) => unknown
}

interface Payload {
  readonly topic?: string
  readonly partition?: number
  readonly offsetLag?: string
  readonly offsetLagLow?: string
  readonly error?: unknown
}

interface Instruments {
  readonly lag: Gauge
  readonly rebalances: Counter
  readonly crashes: Counter
}

/** Measures lag, rebalances and crashes by the consumer's own events, where metrics are on. Answers how to stop it. */
export function watchConsumer(consumer: object, tracing: ConsumerTracing): () => void {
  const emitter = consumer as Emitter
  const { events } = emitter
  const stops: (() => void)[] = []
  const listen = (name: string, measure: (instruments: Instruments, payload: Payload) => void) => {
    const event = events?.[name]
    if (event === undefined || typeof emitter.on !== 'function') return
    const stop = emitter.on(event, ({ payload }) => {
      const instruments = tracing.meter?.get(createInstruments)
      if (instruments) guard('Measuring a consumer', measure, instruments, payload)
    })
    if (typeof stop === 'function') stops.push(stop as () => void)
  }
  if (tracing.meter) {
    // Before a batch and after it, so that a handler that hangs is seen as lag.
    listen('START_BATCH_PROCESS', ({ lag }, payload) => {
      lag.record(Number(payload.offsetLagLow), partitionOf(tracing, payload))
    })
    listen('END_BATCH_PROCESS', ({ lag }, payload) => {
      lag.record(Number(payload.offsetLag), partitionOf(tracing, payload))
    })
    listen('REBALANCING', ({ rebalances }) => rebalances.add(1, groupOf(tracing)))
    listen('CRASH', ({ crashes }, { error }) => {
      crashes.add(1, { ...groupOf(tracing), [ATTR.errorType]: describeKafkaError(error).type })
    })
  }
  return () => {
    for (const stop of stops) stop()
  }
}

function groupOf({ groupId }: ConsumerTracing): Attributes {
  const attributes: Attributes = { [ATTR.messagingSystem]: 'kafka' }
  if (groupId !== undefined) attributes[ATTR.messagingGroup] = groupId
  return attributes
}

function partitionOf(tracing: ConsumerTracing, { topic, partition }: Payload): Attributes {
  const attributes = groupOf(tracing)
  if (topic !== undefined) attributes[ATTR.messagingDestination] = topic
  attributes[ATTR.messagingPartition] = String(partition)
  return attributes
}

function createInstruments(meter: Meter): Instruments {
  return {
    lag: meter.createGauge('kafka.consumer.records_lag', {
      unit: '{message}',
      description: 'Messages of a partition that the consumer has not processed yet.',
    }),
    rebalances: meter.createCounter('kafka.consumer.rebalances', {
      unit: '{rebalance}',
      description: 'How often the consumer had to join its group anew.',
    }),
    crashes: meter.createCounter('kafka.consumer.crashes', {
      unit: '{crash}',
      description: 'How often the consumer gave up; kafkajs restarts it where the error may pass.',
    }),
  }
}
