import type { Attributes } from '@opentelemetry/api'
import { ATTR, databaseSpanName } from '@throughline/core/integration'
import { readStatement, type Statement } from '../sql/statement.ts'

const SYSTEM = 'postgresql'

/** What a span says of a query when it starts: its name, and all that is known without its values. */
export interface QueryDescription {
  readonly name: string
  readonly attributes: Attributes
}

// Applications send the same few texts again and again. Emptied when full, so that texts with values in them cannot grow it.
const CACHE_SIZE = 256
const cache = new Map<string, QueryDescription>()

/** Describes a query by its text, or as far as it goes without one. Database semantic conventions 1.33, PostgreSQL. */
export function describeQuery(text: string | undefined): QueryDescription {
  if (text === undefined) return { name: SYSTEM, attributes: { [ATTR.dbSystem]: SYSTEM } }
  const known = cache.get(text)
  if (known) return known
  const description = toDescription(readStatement(text))
  if (cache.size >= CACHE_SIZE) cache.clear()
  if (text.length <= 4096) cache.set(text, description)
  return description
}

function toDescription({ operation, targets, text }: Statement): QueryDescription {
  const target = targets.length > 0 ? targets.join(' ').slice(0, 255) : undefined
  const name = databaseSpanName(SYSTEM, operation, target)
  const attributes: Attributes = { [ATTR.dbSystem]: SYSTEM, [ATTR.dbQueryText]: text }
  if (operation) {
    attributes[ATTR.dbOperation] = operation
    attributes[ATTR.dbQuerySummary] = name
  }
  if (targets.length === 1) attributes[ATTR.dbCollection] = target
  return { name, attributes }
}
