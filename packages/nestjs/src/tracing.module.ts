import { ProxyTracerProvider, type Tracer } from '@opentelemetry/api'
import {
  ConfigurableModuleBuilder,
  Inject,
  Module,
  type ConfigurableModuleCls,
  type DynamicModule,
  type NestModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common'
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core'
import { flush } from './flush.ts'
import { HandlerInterceptor } from './handler.interceptor.ts'
import { traceHttpAdapter, traceOlderAdapter } from './http-entry.ts'
import { traceRpcClients, traceRpcServers } from './rpc/application.ts'
import { TRACER, TraceService } from './trace.service.ts'
import {
  TRACING_MODULE_OPTIONS,
  type TracingModuleExtras,
  type TracingModuleOptions,
} from './tracing-options.ts'
import { TracingSetup } from './tracing-setup.ts'

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<TracingModuleOptions>({
  optionsInjectionToken: TRACING_MODULE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createTracingOptions')
  .setExtras<TracingModuleExtras>({ isGlobal: false }, (definition, { isGlobal }) => ({
    ...definition,
    global: isGlobal === true,
  }))
  .build()

const ConfigurableTracingModule: ConfigurableModuleCls<
  TracingModuleOptions,
  'forRoot',
  'createTracingOptions',
  TracingModuleExtras
> = ConfigurableModuleClass

function tracerOf({ enabled, tracing }: TracingSetup): Tracer {
  return enabled ? tracing.tracer : new ProxyTracerProvider().getTracer('')
}

@Module({
  providers: [
    {
      provide: TracingSetup,
      useFactory: (options: TracingModuleOptions, adapterHost: HttpAdapterHost) =>
        new TracingSetup(options, adapterHost),
      inject: [TRACING_MODULE_OPTIONS, HttpAdapterHost],
    },
    { provide: TRACER, useFactory: tracerOf, inject: [TracingSetup] },
    TraceService,
    HandlerInterceptor,
  ],
  exports: [TRACING_MODULE_OPTIONS, TRACER, TraceService],
})
/**
 * Traces the application: a SERVER span for every HTTP request and an INTERNAL span for every handler, of HTTP, of
 * microservices and of whatever else runs Nest's global interceptors. Import it once, in the root module.
 *
 * Where another instrumentation already made the server span, that one is enriched instead of making a second. When the
 * application shuts down, spans that the SDK still holds are flushed, for five seconds at most; call
 * `app.enableShutdownHooks()` for that to happen on a signal. The SDK itself is never shut down.
 *
 * @example
 * ```ts
 * @Module({ imports: [TracingModule.forRoot()] })
 * export class AppModule {}
 * ```
 * @throws InvalidOptionError while the application is created, for an option that cannot work
 */
export class TracingModule
  extends ConfigurableTracingModule
  implements NestModule, OnModuleInit, OnApplicationShutdown
{
  readonly #setup: TracingSetup
  readonly #adapterHost: HttpAdapterHost
  readonly #modules: ModulesContainer
  #entered = false

  constructor(
    @Inject(TracingSetup) setup: TracingSetup,
    @Inject(HttpAdapterHost) adapterHost: HttpAdapterHost,
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(HandlerInterceptor) handlers: HandlerInterceptor,
    @Inject(ApplicationConfig) config: ApplicationConfig,
  ) {
    super()
    // One that is disabled, or the second of two, has nothing to say about handlers.
    if (setup.enabled && !handlers.leaveToInstrument()) config.addGlobalInterceptor(handlers)
    this.#setup = setup
    this.#adapterHost = adapterHost
    this.#modules = modules
    this.configure()
    if (setup.rpc) traceRpcServers(modules, setup.rpc)
  }

  /** Imports the module with these options; `forRootAsync` takes them from a factory. */
  static override forRoot(options: TracingModuleOptions & TracingModuleExtras = {}): DynamicModule {
    return super.forRoot(options)
  }

  /**
   * Before the routes, and before the body parser where that is possible: a testing module gets its adapter late.
   * @internal
   */
  configure(): void {
    if (this.#entered || !this.#setup.enabled) return
    this.#entered = traceOlderAdapter(this.#adapterHost.httpAdapter, this.#setup.server)
  }

  /** @internal */
  async onModuleInit(): Promise<void> {
    const { enabled, server, rpc, tracing } = this.#setup
    // Late enough to compose with hooks that constructors set, early enough for the first request.
    if (enabled) traceHttpAdapter(this.#adapterHost.httpAdapter, server)
    if (rpc) await traceRpcClients(this.#modules, tracing)
  }

  /** @internal */
  async onApplicationShutdown(): Promise<void> {
    if (this.#setup.enabled) await flush(this.#setup.tracerProvider)
  }
}
