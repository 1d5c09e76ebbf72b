import type { Attributes, Context, Link, SpanContext } from '@opentelemetry/api'
import { ATTR } from '../attributes.ts'
import { guard } from '../guard.ts'
import { validSpan } from '../propagation/relation.ts'
import type { Operation } from '../span/operation.ts'

/** No span carries more links than this: the default limit of the SDKs, beyond which they drop them silently. */
export const MAX_LINKS = 128

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

  /** Links to the span of a context, where it has a valid one that is new and there is room. */
  add(sender: Context, attributes?: Attributes): void {
    const spanContext = validSpan(sender)
    if (spanContext && this.lacks(spanContext)) this.addSpan(spanContext, attributes)
  }

  /** Whether a span is new and there is room. Asked first, so that nothing is read for a link that is not made. */
  lacks(sender: SpanContext): boolean {
    return !this.full && !this.#seen.has(sender.spanId)
  }

  /** Links to a span that it lacks, and which is known to be valid: to find out costs more than all the rest. */
  addSpan(sender: SpanContext, attributes?: Attributes): void {
    this.#seen.add(sender.spanId)
    this.links.push(attributes ? { context: sender, attributes } : { context: sender })
  }
}

/**
 * Links the span of a batch to the sender of each message, where the span is recorded: what is not recorded has no
 * context extracted, which would be most of its cost. How many messages came after the last link that there was room for
 * is noted as `throughline.batch.unlinked_messages`.
 *
 * @param senderOf - the span that a message names as its sender, a valid one, or `undefined`
 * @param attributesOf - what varies from message to message
 * @param batchLinks - those that the span was started with; it gets the others
 */
export function linkBatch<M>(
  operation: Operation,
  messages: readonly M[],
  senderOf: (message: M) => SpanContext | undefined,
  attributesOf?: (message: M) => Attributes | undefined,
  batchLinks: BatchLinks = new BatchLinks(),
): void {
  if (operation.recording)
    guard('Linking a batch', link, operation, messages, senderOf, attributesOf, batchLinks)
}

function link<M>(
  operation: Operation,
  messages: readonly M[],
  senderOf: (message: M) => SpanContext | undefined,
  attributesOf: ((message: M) => Attributes | undefined) | undefined,
  batchLinks: BatchLinks,
): void {
  const from = batchLinks.links.length
  let at = 0
  for (; at < messages.length && !batchLinks.full; at++) {
    const message = messages[at]!
    const sender = senderOf(message)
    if (sender && batchLinks.lacks(sender)) batchLinks.addSpan(sender, attributesOf?.(message))
  }
  operation.span.addLinks(batchLinks.links.slice(from))
  if (at < messages.length) operation.set({ [ATTR.unlinkedMessages]: messages.length - at })
}
