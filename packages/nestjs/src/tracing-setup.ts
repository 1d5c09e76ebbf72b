import { trace, type TracerProvider } from '@opentelemetry/api'
import { HttpServerTracer } from '@throughline/core/http'
import { resolveTracing, type Tracing } from '@throughline/core/integration'
import { SCOPE } from './scope.ts'
import type { TracingModuleOptions } from './tracing-options.ts'

const OWNER = 'TracingModule'

/** The module's options, checked and resolved once. */
export class TracingSetup {
  readonly enabled: boolean
  readonly tracing: Tracing
  readonly server: HttpServerTracer
  readonly #tracerProvider: TracerProvider | undefined

  constructor(options: TracingModuleOptions) {
    this.tracing = resolveTracing(SCOPE, OWNER, options)
    this.server = new HttpServerTracer(SCOPE, OWNER, options)
    this.enabled = this.server.enabled
    this.#tracerProvider = options.tracerProvider
  }

  /** The provider that makes the spans now. */
  get tracerProvider(): TracerProvider {
    return this.#tracerProvider ?? trace.getTracerProvider()
  }
}
