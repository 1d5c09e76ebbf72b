import type { HttpServerOptions } from '@throughline/core/http'
import type { Relation } from '@throughline/core/propagation'
import type { ConfigurableModuleAsyncOptions } from '@nestjs/common'
import type { RpcMessage } from './rpc/message.ts'

/** The options of `TracingModule`: those of every HTTP server. `ignore` and `spanName` are given the raw request. */
export interface TracingModuleOptions extends HttpServerOptions {
  /**
   * Whether handlers have spans of their own.
   * @defaultValue `true`
   */
  readonly handlers?: boolean
  /** How the messages of microservices are traced, received and sent. */
  readonly rpc?: RpcTracingOptions
}

/** How the messages of microservices are traced. Those of `TracingServerKafka` have options of their own. */
export interface RpcTracingOptions {
  /**
   * `false`: neither servers nor clients of microservices are traced.
   * @defaultValue `true`
   */
  readonly enabled?: boolean
  /** Which messages not to trace when they are received; what they do is not traced either. */
  readonly ignore?: (message: RpcMessage) => boolean
  /**
   * How an event relates to its sender. Requests always continue the requester's trace.
   * @defaultValue `'parent'`
   */
  readonly relation?: Relation
}

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
