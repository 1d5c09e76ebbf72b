import type { Link } from '@opentelemetry/api'
import { CleanAttributes, isMap, type AttributeLimits } from './attributes.ts'

/** A link with its own attributes; the caller's object is not kept. */
export function copyLink({ context, attributes: given }: Link, limits: AttributeLimits): Link {
  if (!isMap(given)) return { context }
  const { values, dropped } = CleanAttributes.copyOf(given, limits)
  return { context, attributes: values, droppedAttributesCount: dropped }
}

export function copyLinks(links: readonly Link[] | undefined, limits: AttributeLimits): Link[] {
  return links ? links.map((link) => copyLink(link, limits)) : []
}
