const DEFAULT_METHODS = 'CONNECT,DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT,QUERY,TRACE'

/**
 * The methods that may stand in a span name and in `http.request.method`; all others are `_OTHER`.
 * `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` replaces the list, as HTTP semantic conventions 1.44 ask.
 */
const KNOWN_METHODS: ReadonlySet<string> = new Set(
  (process.env['OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS'] || DEFAULT_METHODS)
    .split(',')
    .map((method) => method.trim()),
)

export function knownMethod(method: string | undefined): string {
  return method !== undefined && KNOWN_METHODS.has(method) ? method : '_OTHER'
}
