import { ConsoleLogger, type LogLevel } from '@nestjs/common'
import { currentTrace } from '@throughline/core'
import { traceFields } from '@throughline/core/logging'

/** What Nest hands to the JSON form of a line (Nest 11 and later). */
interface JsonLineOptions {
  context: string
  logLevel: LogLevel
  writeStreamType?: 'stdout' | 'stderr'
  errorStack?: unknown
}

interface JsonLine {
  [key: string]: unknown
  level: LogLevel
  pid: number
  timestamp: number
  message: unknown
}

/**
 * Nest's own logger with the ids of the active span on every line: `trace_id` and `span_id` at the end of a text line,
 * and with `trace_flags` as fields where `json: true`. Lines outside of any span are as they were.
 *
 * @example
 * ```ts
 * NestFactory.create(AppModule, { logger: new TracingLogger({ json: true }) })
 * ```
 */
export class TracingLogger extends ConsoleLogger {
  protected override formatMessage(
    logLevel: LogLevel,
    message: unknown,
    pidMessage: string,
    formattedLogLevel: string,
    contextMessage: string,
    timestampDiff: string,
    ...added: Record<string, unknown>[]
  ): string {
    const active = currentTrace()
    const ids = active ? ` trace_id=${active.traceId} span_id=${active.spanId}` : ''
    // The time difference ends the line in every version of Nest, so the ids stand before it.
    return super.formatMessage(
      logLevel,
      message,
      pidMessage,
      formattedLogLevel,
      contextMessage,
      `${ids}${timestampDiff}`,
      ...added,
    )
  }

  protected override getJsonLogObject(message: unknown, options: JsonLineOptions): JsonLine {
    return Object.assign(super.getJsonLogObject(message, options), traceFields())
  }
}
