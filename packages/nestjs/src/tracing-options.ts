import type { HttpServerOptions } from '@throughline/core/http'
import type { ConfigurableModuleAsyncOptions } from '@nestjs/common'

/** The options of `TracingModule`: those of every HTTP server. `ignore` and `spanName` are given the raw request. */
export interface TracingModuleOptions extends HttpServerOptions {}

/** What `forRoot` and `forRootAsync` take besides the options. */
export interface TracingModuleExtras {
  /**
   * Whether `TRACING_MODULE_OPTIONS` can be injected in every module. What is traced does not depend on it.
   * @defaultValue `false`
   */
  readonly isGlobal?: boolean
}

/** What a class given as `useClass` or `useExisting` implements. */
export interface TracingModuleOptionsFactory {
  createTracingOptions(): TracingModuleOptions | Promise<TracingModuleOptions>
}

/** What `TracingModule.forRootAsync` takes: `useFactory`, `useClass` or `useExisting`, with `imports` and `inject`. */
export type TracingModuleAsyncOptions = ConfigurableModuleAsyncOptions<
  TracingModuleOptions,
  'createTracingOptions'
> &
  TracingModuleExtras

/** Injects the options that the module was given. */
export const TRACING_MODULE_OPTIONS: unique symbol = Symbol.for(
  '@throughline/nestjs/options',
) as never
