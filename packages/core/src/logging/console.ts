import { context } from '@opentelemetry/api'
import { describeError } from '../span/error-description.ts'
import { stackText } from '../span/stack-text.ts'
import { FieldSource, type LogFields, type LogOptions, type LogPreset } from './fields.ts'

/** Writes a line of JSON at its level. An `Error` as the fields, or among them, is told by its type, message and stack. */
export type LogLine = (message: string, fields?: object) => void

/** A logger with nothing behind it but the console. */
export interface JsonConsole {
  readonly debug: LogLine
  readonly info: LogLine
  readonly warn: LogLine
  readonly error: LogLine
}

/**
 * A logger for where there is none: each call writes one line of JSON to the console, with level, time, message and the
 * active span's ids. The console itself is left as it is. Fields that JSON cannot hold cost their line nothing else.
 *
 * @param target - where the lines go; the global console by default
 *
 * @example
 * ```ts
 * const log = jsonConsole()
 * log.info('order placed', { order: 7 })
 * ```
 */
export function jsonConsole(
  options?: LogPreset | LogOptions,
  target: Record<keyof JsonConsole, (line: string) => void> = console,
): JsonConsole {
  const source = new FieldSource('jsonConsole', options)
  const at =
    (level: keyof JsonConsole): LogLine =>
    (message, fields) => {
      const line: LogFields = { level, time: new Date().toISOString(), msg: message }
      Object.assign(line, source.fields(context.active()))
      target[level](toJson(line, fields))
    }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function toJson(line: LogFields, fields: object | undefined): string {
  if (fields === undefined) return JSON.stringify(line)
  try {
    const more = fields instanceof Error ? { err: fields } : fields
    return JSON.stringify({ ...more, ...line }, plain)
  } catch {
    return JSON.stringify({ ...line, fields: 'not representable as JSON' })
  }
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Error ? { ...describeError(value), stack: stackText(value) } : value
}
