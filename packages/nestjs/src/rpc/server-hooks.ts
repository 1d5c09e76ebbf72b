import { context } from '@opentelemetry/api'
import { guard } from '@throughline/core/integration'
import type { HeaderCarrier } from '@throughline/core/propagation'
import { incomingMetadata } from './incoming-metadata.ts'
import { describeMessage, type Handlers, type ReceivedMessage } from './message.ts'
import type { RpcProcess, RpcTracer } from './rpc-tracer.ts'

type StartHook = (transport: unknown, source: object, done: () => Promise<unknown>) => unknown
type EndHook = (transport: unknown, source: object) => void

/** The part of Nest's microservice servers (11.1.4 and later) that is used here. Each hook is a single slot. */
export interface HookableServer {
  readonly onProcessingStartHook?: StartHook
  readonly onProcessingEndHook?: EndHook
  setOnProcessingStartHook(hook: StartHook): void
  setOnProcessingEndHook(hook: EndHook): void
  getHandlers(): Handlers
}

/** Traces the messages of a server. Hooks that were there before still run, inside. */
export function traceRpcServer(target: unknown, tracer: RpcTracer): void {
  if (!isHookable(target)) return
  const processes = new WeakMap<object, RpcProcess>()
  const { onProcessingStartHook: startBefore, onProcessingEndHook: endBefore } = target
  target.setOnProcessingStartHook((transport, source, done) => {
    const go = () => (startBefore ? startBefore.call(target, transport, source, done) : done())
    const process = guard('Starting a message', start, tracer, target, source)
    if (!process) return go()
    processes.set(keyOf(source), process)
    return context.with(process.context, runProcess, undefined, process, go)
  })
  target.setOnProcessingEndHook((transport, source) => {
    try {
      endBefore?.call(target, transport, source)
    } finally {
      processes.get(source)?.end()
    }
  })
}

function isHookable(target: unknown): target is HookableServer {
  const { setOnProcessingStartHook, getHandlers } = (target ?? {}) as Partial<HookableServer>
  return typeof setOnProcessingStartHook === 'function' && typeof getHandlers === 'function'
}

function start(tracer: RpcTracer, server: HookableServer, source: object): RpcProcess | undefined {
  const message: ReceivedMessage | undefined = describeMessage(
    source,
    server.getHandlers(),
    incomingMetadata(context.active()) as HeaderCarrier | undefined,
  )
  return message && tracer.start(message)
}

/** The end hook is told of the request where the start hook is told of the call: gRPC only. */
function keyOf(source: object & { readonly request?: unknown }): object {
  const { request } = source
  return typeof request === 'object' && request !== null ? request : source
}

/** Up to Nest 11.2 the end hook is not called for a message whose handler threw, so its promise is watched too. */
async function runProcess(process: RpcProcess, go: () => unknown): Promise<unknown> {
  try {
    return await go()
  } catch (error) {
    process.fail(error)
    throw error
  }
}
