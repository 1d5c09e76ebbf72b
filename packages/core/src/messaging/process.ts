import {
  ROOT_CONTEXT,
  SpanKind,
  type Attributes,
  type Context,
  type Link,
} from '@opentelemetry/api'
import { ATTR } from '../attributes.ts'
import { messagingSpanName } from '../naming/messaging.ts'
import type { Tracing } from '../options.ts'
import { linksTo, originOf, type Origin, type Relation } from '../propagation/relation.ts'
import { startOperation, type Operation } from '../span/operation.ts'

/** No span carries more links than this: the default limit of the SDKs, beyond which they drop them silently. */
export const MAX_LINKS = 128

interface ProcessDescriptionBase {
  /** `messaging.system`: `kafka`, `bullmq`, … */
  readonly system: string
  /** The topic or queue. */
  readonly destination: string
  /** The library's own word for it. @defaultValue `'process'` */
  readonly operation?: string
  readonly attributes?: Attributes
  /** A name instead of the conventional one. */
  readonly spanName?: string
}

/** What is known of the processing of one message when it starts. */
export interface ProcessDescription extends ProcessDescriptionBase {
  /** The context that the message carried, from `extractContext`. */
  readonly sender: Context
  readonly relation: Relation
  /** Links beside the one to the sender: to the batch that the message came in. */
  readonly links?: readonly Link[]
}

/** What is known of the processing of a batch when it starts. */
export interface BatchDescription extends ProcessDescriptionBase {
  readonly messageCount: number
  /** One for each sender, `MAX_LINKS` at most: see `BatchLinks`. */
  readonly links: Link[]
}

/**
 * Starts the CONSUMER span of one message. It starts from the message's own context or from ROOT, never from the context
 * of whoever started the consumer. Messaging semantic conventions 1.44 (development).
 */
export function startProcess(tracing: Tracing, process: ProcessDescription): Operation {
  const { parent, links } = originOf(process.sender, process.relation)
  return start(tracing, process, {
    parent,
    links: process.links ? [...links, ...process.links] : links,
  })
}

/** Starts the CONSUMER span of a batch: a trace of its own that links to each message's sender. */
export function startBatch(tracing: Tracing, batch: BatchDescription): Operation {
  const attributes = { ...batch.attributes, [ATTR.messagingBatchCount]: batch.messageCount }
  return start(tracing, { ...batch, attributes }, { parent: ROOT_CONTEXT, links: batch.links })
}

/**
 * The links of a batch, one to each different sender and `MAX_LINKS` at most. What varies from message to message (its
 * offset, its key) goes on the link.
 */
export class BatchLinks {
  readonly links: Link[] = []
  readonly #seen = new Set<string>()

  get full(): boolean {
    return this.links.length >= MAX_LINKS
  }

  add(sender: Context, attributes?: Attributes): void {
    if (this.full) return
    const [link] = linksTo(sender, attributes)
    if (!link || this.#seen.has(link.context.spanId)) return
    this.#seen.add(link.context.spanId)
    this.links.push(link)
  }
}

function start(tracing: Tracing, process: ProcessDescriptionBase, origin: Origin): Operation {
  const operation = process.operation ?? 'process'
  return startOperation(
    tracing.tracer,
    process.spanName ?? messagingSpanName(operation, process.destination),
    {
      kind: SpanKind.CONSUMER,
      links: origin.links,
      attributes: {
        [ATTR.messagingSystem]: process.system,
        [ATTR.messagingOperationName]: operation,
        [ATTR.messagingOperationType]: 'process',
        [ATTR.messagingDestination]: process.destination,
        ...process.attributes,
      },
    },
    origin.parent,
  )
}
