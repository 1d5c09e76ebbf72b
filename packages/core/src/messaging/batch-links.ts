import type { Attributes, Context, Link } from '@opentelemetry/api'
import { ATTR } from '../attributes.ts'
import { guard } from '../guard.ts'
import { linksTo } from '../propagation/relation.ts'
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

  /** The link, if there was a sender to link to and room for it. */
  add(sender: Context, attributes?: Attributes): Link | undefined {
    if (this.full) return undefined
    const [link] = linksTo(sender, attributes)
    if (!link || this.#seen.has(link.context.spanId)) return undefined
    this.#seen.add(link.context.spanId)
    this.links.push(link)
    return link
  }
}

/**
 * Links the span of a batch to the sender of each message, where the span is recorded: what is not recorded has no
 * context extracted, which would be most of its cost. How many messages came after the last link that there was room for
 * is noted as `throughline.batch.unlinked_messages`.
 *
 * @param senderOf - the context that a message carried; ROOT or `undefined` where it carried none
 * @param attributesOf - what varies from message to message
 * @param batchLinks - those that the span was started with; it gets the others
 */
export function linkBatch<M>(
  operation: Operation,
  messages: readonly M[],
  senderOf: (message: M) => Context | undefined,
  attributesOf?: (message: M) => Attributes | undefined,
  batchLinks: BatchLinks = new BatchLinks(),
): void {
  if (operation.recording)
    guard('Linking a batch', link, operation, messages, senderOf, attributesOf, batchLinks)
}

function link<M>(
  operation: Operation,
  messages: readonly M[],
  senderOf: (message: M) => Context | undefined,
  attributesOf: ((message: M) => Attributes | undefined) | undefined,
  batchLinks: BatchLinks,
): void {
  const from = batchLinks.links.length
  let at = 0
  for (; at < messages.length && !batchLinks.full; at++) {
    const message = messages[at]!
    const sender = senderOf(message)
    if (sender) batchLinks.add(sender, attributesOf?.(message))
  }
  operation.span.addLinks(batchLinks.links.slice(from))
  if (at < messages.length) operation.set({ [ATTR.unlinkedMessages]: messages.length - at })
}
