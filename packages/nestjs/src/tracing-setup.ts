import { trace, type TracerProvider } from '@opentelemetry/api'
import { HttpServerTracer } from '@throughline/core/http'
import { resolveTracing, warnOnce, type Tracing } from '@throughline/core/integration'
import { SCOPE } from './scope.ts'
import type { TracingModuleOptions } from './tracing-options.ts'

const OWNER = 'TracingModule'
const kTracing: unique symbol = Symbol.for('@throughline/nestjs') as never

/** The module's options, checked and resolved once. */
export class TracingSetup {
  readonly enabled: boolean
  readonly tracing: Tracing
  readonly server: HttpServerTracer
  readonly #tracerProvider: TracerProvider | undefined

  /** @param application - anything that there is one of in each application */
  constructor(options: TracingModuleOptions, application: object) {
    this.tracing = resolveTracing(SCOPE, OWNER, options)
    this.server = new HttpServerTracer(SCOPE, OWNER, options)
    this.enabled = this.server.enabled && claim(application)
    this.#tracerProvider = options.tracerProvider
  }

  /** The provider that makes the spans now. */
  get tracerProvider(): TracerProvider {
    return this.#tracerProvider ?? trace.getTracerProvider()
  }
}

/** Two modules in one application would make every span twice. */
function claim(application: object & { [kTracing]?: boolean }): boolean {
  if (application[kTracing]) {
    warnOnce('TracingModule is imported twice in one application; the first one traces it')
    return false
  }
  Object.defineProperty(application, kTracing, { value: true })
  return true
}
