import * as api from '@opentelemetry/api'
import type { Attributes, Context, Span } from '@opentelemetry/api'
import { ATTR } from '../attributes.ts'
import { SCOPE } from '../scope.ts'
import { shared } from '../shared.ts'
import { describeError } from './error-description.ts'
import { originOfError } from './error-origin.ts'
import { stackText } from './stack-text.ts'

const SEVERITY_ERROR = 17
const recorded = shared('recordedExceptions', () => new WeakSet<object>())
/** What a child of a span recorded that is no object, and so cannot be marked: told to the span that it comes to next. */
const handedUp = shared(
  'handedUpExceptions',
  () => new WeakMap<Span, { readonly thrown: unknown }>(),
)

/** The part of api 1.10's logs that is used here; api 1.9 has none, and then there is no log to write. */
interface LogsApi {
  getLogger(
    name: string,
    version: string,
  ): {
    enabled?(options: { severityNumber: number }): boolean
    emit(record: {
      eventName: string
      severityNumber: number
      attributes: Attributes
      context: Context
    }): void
  }
}

/**
 * Records an exception once, however many spans it passes through: as a span event, or as a log record where
 * `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN` says `logs` (`logs/dup`: as both). While nothing takes logs, it is an event all
 * the same, so that it is not lost. Exceptions semantic conventions 1.44.
 *
 * @param outer - the span that the exception comes to next, if it is thrown on
 */
export function recordException(span: Span, context: Context, thrown: unknown, outer?: Span): void {
  const error = originOfError(thrown)
  if (isRecorded(span, error, outer)) return
  const attributes = exceptionAttributes(error)
  const signal = exceptionSignal(process.env['OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN'])
  const logger = signal === 'events' ? undefined : exceptionLogger()
  logger?.emit({
    eventName: 'exception',
    severityNumber: SEVERITY_ERROR,
    attributes,
    context,
  })
  if (signal !== 'logs' || !logger) span.addEvent('exception', attributes)
}

function isRecorded(span: Span, error: unknown, outer: Span | undefined): boolean {
  if ((typeof error === 'object' && error !== null) || typeof error === 'function') {
    if (recorded.has(error)) return true
    recorded.add(error)
    return false
  }
  if (outer) handedUp.set(outer, { thrown: error })
  const before = handedUp.get(span)
  handedUp.delete(span)
  return before !== undefined && Object.is(before.thrown, error)
}

function exceptionLogger(): ReturnType<LogsApi['getLogger']> | undefined {
  const logger = (api as { logs?: LogsApi }).logs?.getLogger(SCOPE.name, SCOPE.version)
  const isOff = logger?.enabled?.({ severityNumber: SEVERITY_ERROR }) === false
  return isOff ? undefined : logger
}

function exceptionSignal(value: string | undefined): 'events' | 'logs' | 'both' {
  const words = value?.split(',').map((word) => word.trim()) ?? []
  if (words.includes('logs/dup')) return 'both'
  return words.includes('logs') ? 'logs' : 'events'
}

function exceptionAttributes(error: unknown): Attributes {
  const { type, message } = describeError(error)
  const attributes: Attributes = { [ATTR.exceptionType]: type, [ATTR.exceptionMessage]: message }
  const stack = stackText(error)
  if (stack !== undefined) attributes[ATTR.exceptionStacktrace] = stack
  return attributes
}
