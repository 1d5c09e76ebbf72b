import type { Attributes, Exception, HrTime } from '@opentelemetry/api'
import { cleanSimpleAttributes } from '@opentelemetry/core'
import type { TimedEvent } from '@opentelemetry/sdk-trace'
import { ATTR } from '@throughline/core/integration'
import { CleanAttributes, isMap, type AttributeLimits } from './attributes.ts'

/** An event of a span. Its attributes are simple values: no maps, and lists of one kind. */
export function createEvent(
  name: string,
  time: HrTime,
  given: Attributes | undefined,
  limits: AttributeLimits,
): TimedEvent {
  if (!isMap(given)) return { name, time }
  const { values, dropped } = CleanAttributes.copyOf(given, limits, cleanSimpleAttributes)
  return { name, time, attributes: values, droppedAttributesCount: dropped }
}

/** What `recordException` says of an exception, or `undefined` where it tells neither its type nor a message. */
export function exceptionAttributes(exception: Exception): Attributes | undefined {
  const attributes: Attributes = {}
  if (typeof exception === 'string') attributes[ATTR.exceptionMessage] = exception
  else if (exception) {
    const type = exception.code ? exception.code.toString() : exception.name
    if (type) attributes[ATTR.exceptionType] = type
    if (exception.message) attributes[ATTR.exceptionMessage] = exception.message
    if (exception.stack) attributes[ATTR.exceptionStacktrace] = exception.stack
  }
  const isTelling = attributes[ATTR.exceptionType] || attributes[ATTR.exceptionMessage]
  return isTelling ? attributes : undefined
}
