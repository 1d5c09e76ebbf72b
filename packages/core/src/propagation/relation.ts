import {
  ROOT_CONTEXT,
  trace,
  type Attributes,
  type Context,
  type Link,
  type SpanContext,
} from '@opentelemetry/api'
import { conflictLinks } from './conflict.ts'
import { contextWithBaggage, contextWithoutSpan } from './layered-context.ts'
import { isValidSpan } from './span-context.ts'

/**
 * How the receiving side relates to the sender: `'parent'` continues its trace (the link is kept too, as the messaging
 * conventions ask), `'link'` starts a trace of its own that links to it, `'none'` starts one that knows nothing of it.
 */
export type Relation = 'parent' | 'link' | 'none'

/**
 * How far an entry trusts its callers: `'inherit'` continues their trace, decision and baggage; `'edge'` starts a trace
 * of its own, links to theirs, and takes neither their sampling decision nor their baggage.
 */
export type Trust = 'inherit' | 'edge'

/** Where a span starts from: an explicit context and its links. */
export interface Origin {
  readonly parent: Context
  readonly links: Link[]
}

/** The origin of work that a sender asked for. Baggage comes along unless the relation is `'none'`. */
export function originOf(sender: Context, relation: Relation): Origin {
  if (relation === 'none') return { parent: ROOT_CONTEXT, links: [] }
  const links = linksTo(sender)
  for (const link of conflictLinks(sender)) links.push(link)
  if (relation === 'parent') return { parent: sender, links }
  return { parent: contextWithoutSpan(sender), links }
}

/** The origin of a request at an entry. Its links are to the other callers that its headers named, if they disagree. */
export function originOfRequest(caller: Context, trust: Trust): Origin {
  const links = [...conflictLinks(caller)]
  if (trust === 'inherit') return { parent: caller, links }
  const parent = contextWithoutSpan(contextWithBaggage(caller, undefined))
  return { parent, links: [...linksTo(caller), ...links] }
}

/** A link to the span of a context, or none where it has no valid one. */
export function linksTo(context: Context, attributes?: Attributes): Link[] {
  const spanContext = validSpan(context)
  if (!spanContext) return []
  return [attributes ? { context: spanContext, attributes } : { context: spanContext }]
}

/** The span of a context, where it has a valid one. */
export function validSpan(context: Context): SpanContext | undefined {
  const spanContext = trace.getSpanContext(context)
  return spanContext && isValidSpan(spanContext) ? spanContext : undefined
}
