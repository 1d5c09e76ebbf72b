import { context } from '@opentelemetry/api'
import { FieldSource, type LogOptions, type LogPreset } from './fields.ts'

/** The part of a winston (logform) format that winston calls. */
export interface LogFormat {
  transform<T extends object>(info: T): T
}

/**
 * For winston's `format.combine`: every record carries the active span's ids.
 *
 * @example
 * ```ts
 * const log = createLogger({ format: format.combine(traceFormat(), format.json()) })
 * ```
 */
export function traceFormat(options?: LogPreset | LogOptions): LogFormat {
  const source = new FieldSource('traceFormat', options)
  return { transform: (info) => Object.assign(info, source.fields(context.active())) }
}
