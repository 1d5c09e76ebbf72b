import * as api from '@opentelemetry/api'
import type { Attributes, Context, Span } from '@opentelemetry/api'
import { ATTR } from '../attributes.ts'
import { describeError } from './error-description.ts'
import { originOfError } from './error-origin.ts'

const SEVERITY_ERROR = 17
const recorded = new WeakSet<object>()

/** The part of api 1.10's logs that is used here; api 1.9 has none, and then there is no log to write. */
interface LogsApi {
  getLogger(name: string): {
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
 * `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN` says `logs` (`logs/dup`: as both). Exceptions semantic conventions 1.44.
 */
export function recordException(span: Span, context: Context, thrown: unknown): void {
  const error = originOfError(thrown)
  if (typeof error === 'object' && error !== null) {
    if (recorded.has(error)) return
    recorded.add(error)
  }
  const attributes = exceptionAttributes(error)
  const signal = exceptionSignal(process.env['OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN'])
  const logs = (api as { logs?: LogsApi }).logs
  if (signal !== 'events' && logs) {
    logs.getLogger('@throughline/core').emit({
      eventName: 'exception',
      severityNumber: SEVERITY_ERROR,
      attributes,
      context,
    })
  }
  if (signal !== 'logs' || !logs) span.addEvent('exception', attributes)
}

function exceptionSignal(value: string | undefined): 'events' | 'logs' | 'both' {
  const words = value?.split(',').map((word) => word.trim()) ?? []
  if (words.includes('logs/dup')) return 'both'
  return words.includes('logs') ? 'logs' : 'events'
}

function exceptionAttributes(error: unknown): Attributes {
  const { type, message } = describeError(error)
  const attributes: Attributes = { [ATTR.exceptionType]: type, [ATTR.exceptionMessage]: message }
  const stack = stackOf(error)
  if (stack !== undefined) attributes[ATTR.exceptionStacktrace] = stack
  return attributes
}

function stackOf(error: unknown): string | undefined {
  try {
    const stack = (error as { stack?: unknown } | null | undefined)?.stack
    return typeof stack === 'string' ? stack : undefined
  } catch {
    return undefined
  }
}
