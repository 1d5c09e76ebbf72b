import type { Attributes, Counter, Histogram, Meter } from '@opentelemetry/api'
import { ATTR } from '../attributes.ts'
import { guard } from '../guard.ts'
import { DURATION_BUCKETS, type MeterSource } from '../meter-source.ts'
import { SeriesCache } from '../series.ts'
import type { Measurement, Operation } from '../span/operation.ts'

/** The four metrics of the messaging semantic conventions 1.44 (development). */
interface MessagingInstruments {
  readonly operationDuration: Histogram
  readonly processDuration: Histogram
  readonly sent: Counter
  readonly consumed: Counter
}

/** What is measured of an operation: its series, and how many messages it sent or was handed over. */
export interface MessagingMeasure {
  readonly type: 'send' | 'settle' | 'process'
  /** The attributes of the span, of which those of low cardinality are the metric's too. */
  readonly attributes: Attributes
  readonly messages: number
}

// What makes a series. The partition is left out on purpose: a thousand of them are a thousand series a topic.
const KEYS = [
  ATTR.messagingSystem,
  ATTR.messagingOperationName,
  ATTR.messagingOperationType,
  ATTR.messagingGroup,
  ATTR.messagingDestinationTemplate,
  ATTR.serverAddress,
  ATTR.serverPort,
] as const

/** Measures an operation from now to its end, and counts what was delivered. Does nothing while no SDK measures. */
export function measureMessaging(
  source: MeterSource,
  operation: Operation,
  measure: MessagingMeasure,
): void {
  const instruments = source.get(createMessagingInstruments)
  if (!instruments) return
  if (measure.type === 'process' && measure.messages > 0) {
    // Told at once: a message is delivered whatever becomes of it, and a long batch should be seen while it runs.
    guard('Counting a delivery', countDelivery, instruments, operation, measure)
  }
  operation.measure(new MessagingMeasurement(instruments, measure))
}

function countDelivery(
  { consumed }: MessagingInstruments,
  { context }: Operation,
  measure: MessagingMeasure,
): void {
  consumed.add(measure.messages, series(measure, undefined), context)
}

class MessagingMeasurement implements Measurement {
  readonly #instruments: MessagingInstruments
  readonly #measure: MessagingMeasure
  readonly #startedAt = performance.now()

  constructor(instruments: MessagingInstruments, measure: MessagingMeasure) {
    this.#instruments = instruments
    this.#measure = measure
  }

  end({ errorType, context }: Operation): void {
    const { type, messages } = this.#measure
    const { operationDuration, processDuration, sent } = this.#instruments
    const seconds = (performance.now() - this.#startedAt) / 1000
    const attributes = series(this.#measure, errorType)
    // In the span's context, so that an exemplar can point to it.
    if (type === 'process') return processDuration.record(seconds, attributes, context)
    operationDuration.record(seconds, attributes, context)
    if (type === 'send' && messages > 0) sent.add(messages, attributes, context)
  }
}

const cache = new SeriesCache()

function series({ attributes }: MessagingMeasure, errorType: string | undefined): Attributes {
  const destination = destinationOf(attributes)
  let key = `${destination} ${errorType}`
  for (const name of KEYS) key += ` ${attributes[name] as string}`
  return cache.get(key) ?? cache.set(key, seriesAttributes(attributes, destination, errorType))
}

/** The name of a temporary destination, and of one that a template stands for, is no one's series. */
function destinationOf(attributes: Attributes): string | undefined {
  if (attributes[ATTR.messagingDestinationTemporary] === true) return undefined
  if (attributes[ATTR.messagingDestinationTemplate] !== undefined) return undefined
  return attributes[ATTR.messagingDestination] as string | undefined
}

function seriesAttributes(
  attributes: Attributes,
  destination: string | undefined,
  errorType: string | undefined,
): Attributes {
  const made: Attributes = {}
  for (const name of KEYS) if (attributes[name] !== undefined) made[name] = attributes[name]
  if (destination !== undefined) made[ATTR.messagingDestination] = destination
  if (errorType !== undefined) made[ATTR.errorType] = errorType
  return made
}

function createMessagingInstruments(meter: Meter): MessagingInstruments {
  const duration = { unit: 's', advice: { explicitBucketBoundaries: DURATION_BUCKETS } }
  return {
    operationDuration: meter.createHistogram('messaging.client.operation.duration', {
      ...duration,
      description: 'Duration of messaging operations initiated by a producer or consumer client.',
    }),
    processDuration: meter.createHistogram('messaging.process.duration', {
      ...duration,
      description: 'Duration of processing operation.',
    }),
    sent: meter.createCounter('messaging.client.sent.messages', {
      unit: '{message}',
      description: 'Number of messages producer attempted to send to the broker.',
    }),
    consumed: meter.createCounter('messaging.client.consumed.messages', {
      unit: '{message}',
      description: 'Number of messages that were delivered to the application.',
    }),
  }
}
