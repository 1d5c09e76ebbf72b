import { trace, type TracerProvider } from '@opentelemetry/api'
import { HttpServerTracer } from '@throughline/core/http'
import {
  checkChoice,
  checkOption,
  resolveTracing,
  warnOnce,
  type Tracing,
} from '@throughline/core/integration'
import { RpcTracer } from './rpc/rpc-tracer.ts'
import { SCOPE } from './scope.ts'
import type { TracingModuleOptions } from './tracing-options.ts'

const OWNER = 'TracingModule'
const kTracing: unique symbol = Symbol.for('@throughline/nestjs') as never

/** The module's options, checked and resolved once. */
export class TracingSetup {
  readonly enabled: boolean
  readonly tracing: Tracing
  readonly server: HttpServerTracer
  readonly handlers: boolean
  /** `undefined` where messages are not traced. */
  readonly rpc: RpcTracer | undefined
  readonly #tracerProvider: TracerProvider | undefined

  /** @param application - anything that there is one of in each application */
  constructor(options: TracingModuleOptions, application: object) {
    this.tracing = resolveTracing(SCOPE, OWNER, options)
    this.server = new HttpServerTracer(SCOPE, OWNER, options)
    this.enabled = this.server.enabled && claim(application)
    checkOption(OWNER, 'handlers', options.handlers, 'boolean')
    this.handlers = this.enabled && options.handlers !== false
    this.rpc = this.#rpcTracer(options)
    this.#tracerProvider = options.tracerProvider
  }

  #rpcTracer({ rpc = {} }: TracingModuleOptions): RpcTracer | undefined {
    checkOption(OWNER, 'rpc.enabled', rpc.enabled, 'boolean')
    checkOption(OWNER, 'rpc.ignore', rpc.ignore, 'function')
    checkChoice(OWNER, 'rpc.relation', rpc.relation, ['parent', 'link', 'none'])
    return this.enabled && rpc.enabled !== false ? new RpcTracer(this.tracing, rpc) : undefined
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
