import { checkPreset, traceFields, type LogFields, type LogPreset } from './fields.ts'

/**
 * For pino's `mixin`: every line carries the active span's ids.
 *
 * @example
 * ```ts
 * const log = pino({ mixin: traceMixin() })
 * ```
 */
export function traceMixin(preset: LogPreset = 'otel'): () => LogFields {
  checkPreset('traceMixin', preset)
  return () => traceFields(preset)
}
