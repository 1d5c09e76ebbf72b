import { InvalidOptionError, checkOption } from '@throughline/core/integration'
import type { TextMapPropagator } from '@opentelemetry/api'
import type { Sampler, SpanProcessor } from '@opentelemetry/sdk-trace'

/** What `startTracing` accepts. Every `OTEL_*` variable of the SDK is honoured where an option is absent. */
export interface StartTracingOptions {
  /**
   * `service.name`.
   * @defaultValue `OTEL_SERVICE_NAME`, else `service.name` in `OTEL_RESOURCE_ATTRIBUTES`, else the name in the nearest
   * package.json
   */
  readonly serviceName?: string
  /**
   * Base address of an OTLP/HTTP receiver; `/v1/traces` is added. Without `otlp` in `OTEL_TRACES_EXPORTER` nothing is sent.
   * @defaultValue `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, else `OTEL_EXPORTER_OTLP_ENDPOINT`, else `http://localhost:4318`
   */
  readonly endpoint?: string
  /** @defaultValue `OTEL_TRACES_SAMPLER`, else every trace is sampled */
  readonly sampler?: Sampler
  /**
   * How context is read from and written to carriers. `propagators()` of `@throughline/core/propagation` makes one of
   * several formats, in an order of yours.
   * @defaultValue `OTEL_PROPAGATORS`, else W3C trace context and baggage
   */
  readonly propagator?: TextMapPropagator
  /** Further processors; each sees every recorded span. @defaultValue none */
  readonly spanProcessors?: readonly SpanProcessor[]
  /** Trace outgoing calls (`traceClients()` of `@throughline/clients`). @defaultValue `true` */
  readonly clients?: boolean
  /** How long a shutdown may take, in milliseconds; what is not exported by then is counted and said. @defaultValue `3000` */
  readonly shutdownTimeoutMs?: number
  /**
   * Shut down at SIGTERM and SIGINT. Where the application listens too, it owns the shutdown: its signal is left to it and
   * what was recorded is flushed. @defaultValue `true`
   */
  readonly signals?: boolean
}

export function checkOptions(options: StartTracingOptions): void {
  const owner = 'startTracing'
  checkOption(owner, 'serviceName', options.serviceName, 'string')
  checkOption(owner, 'clients', options.clients, 'boolean')
  checkOption(owner, 'signals', options.signals, 'boolean')
  const { endpoint, propagator, shutdownTimeoutMs: timeout } = options
  if (propagator !== undefined && typeof propagator?.extract !== 'function') {
    throw new InvalidOptionError(owner, 'propagator', 'a TextMapPropagator', propagator)
  }
  if (endpoint !== undefined && !URL.canParse(endpoint)) {
    throw new InvalidOptionError(owner, 'endpoint', 'a URL such as http://localhost:4318', endpoint)
  }
  if (timeout !== undefined && !(Number.isFinite(timeout) && timeout > 0)) {
    throw new InvalidOptionError(owner, 'shutdownTimeoutMs', 'a positive number', timeout)
  }
}
