import { createRequire } from 'node:module'
import * as api from '@opentelemetry/api'
import type {
  Attributes,
  Context,
  ContextManager,
  HrTime,
  Link,
  SpanContext,
  SpanKind,
  SpanStatus,
  TextMapPropagator,
  TracerProvider,
} from '@opentelemetry/api'

/** What is used of a span of an SDK; alike in 2.x and 3.x, so that neither line's types are needed. */
export interface SdkSpan {
  readonly name: string
  readonly kind: SpanKind
  readonly parentSpanContext?: SpanContext | undefined
  readonly startTime: HrTime
  readonly duration: HrTime
  readonly status: SpanStatus
  readonly attributes: Attributes
  readonly links: readonly Link[]
  readonly events: readonly { readonly name: string; readonly attributes?: Attributes }[]
  readonly instrumentationScope: { readonly name: string; readonly version?: string }
  spanContext(): SpanContext
}

/** A sampler of SDK 2.x or 3.x. */
export interface TestSampler {
  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): { readonly decision: number; readonly attributes?: Readonly<Attributes> }
  toString(): string
}

/** A span processor of SDK 2.x or 3.x. */
export interface SdkSpanProcessor {
  onStart(span: SdkSpan, parent: Context): void
  onEnd(span: SdkSpan): void
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
}

interface ProviderOptions {
  readonly spanProcessors: readonly SdkSpanProcessor[]
  readonly sampler?: TestSampler
}

type Provider = TracerProvider & { shutdown(): Promise<void> }

/** What an SDK line is needed for. */
export interface Sdk {
  createProvider(options: ProviderOptions): Provider
  createPropagator(): TextMapPropagator
  createContextManager(): ContextManager
}

type Constructor<T> = new (...args: never[]) => T
type Exports = Readonly<Record<string, Constructor<unknown>>>
type Load = (name: string) => Exports

const ASYNC_HOOKS = '@opentelemetry/context-async-hooks'

/**
 * Finds the SDK that is installed: 3.x with api 1.10, else 2.x, whose later releases are named as 3.x is and whose
 * earlier ones are `sdk-trace-base`. The propagators are those that the SDK itself brings.
 */
export function loadSdk(load: NodeJS.Require = createRequire(import.meta.url)): Sdk {
  const [file, Provider] = findProvider(load)
  const core: Load = (name) => createRequire(file)(name) as Exports
  const hooks = resolve(load, ASYNC_HOOKS)
  if (!hooks) throw new Error(missing(ASYNC_HOOKS))
  return {
    createProvider: (options) => new Provider(options as never) as Provider,
    createPropagator: () => {
      const { CompositePropagator, W3CTraceContextPropagator, W3CBaggagePropagator } =
        core('@opentelemetry/core')
      const propagators = [new W3CTraceContextPropagator!(), new W3CBaggagePropagator!()]
      return new CompositePropagator!({ propagators } as never) as TextMapPropagator
    },
    createContextManager: () => {
      const { AsyncLocalStorageContextManager } = load(ASYNC_HOOKS) as Exports
      return new AsyncLocalStorageContextManager!() as ContextManager
    },
  }
}

function findProvider(load: NodeJS.Require): [file: string, Constructor<unknown>] {
  for (const name of ['@opentelemetry/sdk-trace', '@opentelemetry/sdk-trace-base']) {
    const file = resolve(load, name)
    if (!file) continue
    const { TracerProvider, BasicTracerProvider } = load(name) as Exports
    return [file, (TracerProvider ?? BasicTracerProvider)!]
  }
  throw new Error(missing('@opentelemetry/sdk-trace'))
}

function resolve(load: NodeJS.Require, name: string): string | undefined {
  try {
    return load.resolve(name)
  } catch {
    return undefined
  }
}

function missing(name: string): string {
  const line = 'logs' in api ? '3' : '2'
  const packages = [
    line === '3' ? '@opentelemetry/sdk-trace' : '@opentelemetry/sdk-trace-base',
    ASYNC_HOOKS,
  ]
  return (
    `createTestTracing: cannot find "${name}", which it needs beside @opentelemetry/api ` +
    `1.${line === '3' ? '10' : '9'}; npm install --save-dev ${packages.map((each) => `${each}@${line}`).join(' ')}`
  )
}
