import {
  createContextKey,
  trace,
  type Context,
  type Link,
  type SpanContext,
} from '@opentelemetry/api'
import { contextWith } from './layered-context.ts'

const CONFLICT = createContextKey('@throughline/conflicting-senders')

interface Conflict {
  readonly sender: SpanContext
  readonly links: readonly Link[]
}

/** Remembers another span that a carrier named beside its sender. */
export function withConflict(context: Context, sender: SpanContext, other: SpanContext): Context {
  const links = [...conflictLinks(context), { context: other }]
  return contextWith(context, CONFLICT, { sender, links } satisfies Conflict)
}

/** Whether the carrier of this context may have named another span beside its sender. */
export function hasConflict(context: Context): boolean {
  return context.getValue(CONFLICT) !== undefined
}

/** Links to the other spans that the carrier of this sender named; none for spans that were started since. */
export function conflictLinks(context: Context): readonly Link[] {
  const conflict = context.getValue(CONFLICT) as Conflict | undefined
  return conflict && trace.getSpanContext(context) === conflict.sender ? conflict.links : []
}
