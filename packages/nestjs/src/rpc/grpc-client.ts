import { SpanKind, context, type Context } from '@opentelemetry/api'
import {
  describeError,
  startOperation,
  type Operation,
  type Tracing,
} from '@throughline/core/integration'
import { injectContext, isTracingSuppressed } from '@throughline/core/propagation'
import { Observable, isObservable } from 'rxjs'
import { methodOf } from '../class-method.ts'
import { isTracedFunction, likeOriginal, type Method } from '../function-likeness.ts'
import { subscribeWithin } from '../operation-subscriber.ts'
import type { Overrides } from '../shadow-prototype.ts'
import { rpcAttributes } from './rpc-tracer.ts'

/** gRPC's headers: `@grpc/grpc-js` has a class for them, which is asked for when a client is found. */
interface Metadata {
  set(key: string, value: string): void
  clone(): Metadata
  getMap(): object
}

let newMetadata: (() => Metadata) | undefined

/** Loads what a traced gRPC client needs. An application that has such a client has the package. */
export async function loadGrpc(): Promise<void> {
  const { Metadata } = await import('@grpc/grpc-js')
  newMetadata = () => new Metadata()
}

/** Whether a class is Nest's gRPC client. */
export function isGrpcClient(prototype: object): boolean {
  return Boolean(methodOf(prototype, 'createServiceMethod') && methodOf(prototype, 'getService'))
}

/** The traced methods of Nest's gRPC client; `undefined` for all other classes. */
export function grpcMethods(prototype: object, tracing: Tracing): Overrides | undefined {
  const original = isGrpcClient(prototype) && methodOf(prototype, 'createServiceMethod')
  if (!original || isTracedFunction(original)) return undefined
  const createServiceMethod: Method = function (...args) {
    const method = original.apply(this, args) as Method
    const [client, name] = args as [Record<string, { path?: string }>, string]
    return tracedCall(method, client[name]?.path?.slice(1) ?? name, tracing)
  }
  return { createServiceMethod: likeOriginal(createServiceMethod, original) }
}

function tracedCall(method: Method, path: string, tracing: Tracing): Method {
  const options = { kind: SpanKind.CLIENT, attributes: rpcAttributes('grpc', path) }
  return function (...args) {
    if (isTracingSuppressed(context.active())) return method.apply(this, args)
    return new Observable((subscriber) => {
      const operation = startOperation(tracing.tracer, path, options, context.active())
      const passed = withMetadata(args, operation.context, tracing)
      const call = () => {
        const result = method.apply(this, passed)
        return isObservable(result) ? result : new Observable<unknown>((s) => s.complete())
      }
      subscribeWithin(operation, call, subscriber, failCall)
    })
  }
}

/** What a server answers is no exception of this process: its code is the error. */
function failCall(error: unknown, operation: Operation): void {
  const { code } = (error ?? {}) as { code?: unknown }
  const { message, type } = describeError(error)
  operation.error({ type: typeof code === 'number' ? String(code) : type, message })
  operation.end()
}

function withMetadata(args: readonly unknown[], active: Context, tracing: Tracing): unknown[] {
  const [data, second, ...rest] = args
  const given = isMetadata(second) ? second.clone() : undefined
  const metadata = given ?? newMetadata?.()
  if (!metadata) return [...args]
  injectContext(tracing, active, metadata, { set: (to, key, value) => to.set(key, value) })
  return given || second === undefined
    ? [data, metadata, ...rest]
    : [data, metadata, second, ...rest]
}

function isMetadata(value: unknown): value is Metadata {
  const { getMap, clone } = (value ?? {}) as Partial<Metadata>
  return typeof getMap === 'function' && typeof clone === 'function'
}
