import { checkPreset, traceFields, type LogPreset } from './fields.ts'

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
export function traceFormat(preset: LogPreset = 'otel'): LogFormat {
  checkPreset('traceFormat', preset)
  return { transform: (info) => Object.assign(info, traceFields(preset)) }
}
