import { SpanKind, context } from '@opentelemetry/api'
import type {
  Arrive,
  EntryAdapter,
  Handle,
  IntegrationOptions,
  SendAdapter,
} from '@throughline/testing/conformance'
import type { Core } from './core-copy.ts'

/** A queue in memory, traced as an integration has to, on a copy of core. */

interface Message {
  readonly id: string
  readonly headers: Readonly<Record<string, string | Uint8Array>>
}

const scope = { name: '@throughline/example-queue', version: '1.2.3' }
const attributes = ['messaging.system', 'messaging.operation.type', 'messaging.destination.name']
const QUEUE = { system: 'memory', destination: 'orders' } as const

export function consumer(core: Core, timeoutMs?: number): EntryAdapter {
  return {
    name: 'a consumer on core',
    scope,
    span: { kind: 'CONSUMER', attributes },
    carrier: 'bytes',
    ...(timeoutMs !== undefined && { timeoutMs }),
    start(options, handle) {
      const process = traceProcess(core, options, handle)
      // As a library's loop does: in the context of whoever started it.
      const loop = context.active()
      return {
        send: (id, headers) => context.with(loop, process, undefined, { id, headers }),
        stop: () => {},
      }
    },
  }
}

export function producer(core: Core, timeoutMs?: number): SendAdapter<Message> {
  return {
    name: 'a producer on core',
    scope,
    span: { kind: 'PRODUCER', attributes },
    ...(timeoutMs !== undefined && { timeoutMs }),
    start: (options, arrive) => ({
      message: (id, headers) => ({ id, headers }),
      send: traceSend(core, options, arrive),
      stop: () => {},
    }),
  }
}

function traceProcess(core: Core, options: IntegrationOptions, handle: Handle) {
  const { enabled, ignore, spanName, attributes: extra } = options
  const tracing = core.resolveTracing(scope, 'queue', options)
  return async ({ id, headers }: Message): Promise<void> => {
    if (enabled === false || core.isTracingSuppressed(context.active())) return handle(id)
    if (ignore && core.guard('ignore', ignore)) {
      return context.with(core.suppressTracing(context.active()), handle, undefined, id)
    }
    const sender = core.extractContext(tracing, headers)
    const name = spanName && core.guard('spanName', spanName)
    const description = {
      ...QUEUE,
      sender,
      relation: 'parent',
      ...(name && { spanName: name }),
    } as const
    const operation = core.startProcess(tracing, description)
    // A layer of the library: it makes a span too, and the same error passes it.
    const layer = () => {
      const options = { kind: SpanKind.INTERNAL }
      const inner = core.startOperation(tracing.tracer, 'layer', options, operation.context)
      const work = handle(id)
      return core.runToEnd(inner, () => work)
    }
    return core.runToEnd(operation, layer, {
      onResult: () => operation.set(extra && core.guard('attributes', extra)),
    })
  }
}

function traceSend(core: Core, options: IntegrationOptions, arrive: Arrive) {
  const { enabled, ignore, spanName, attributes: extra } = options
  const tracing = core.resolveTracing(scope, 'queue', options)
  const deliver = ({ id, headers }: Message) => arrive(id, headers)
  return (message: Message): Promise<void> => {
    if (enabled === false || core.isTracingSuppressed(context.active())) return deliver(message)
    if (ignore && core.guard('ignore', ignore)) return deliver(message)
    const name = spanName && core.guard('spanName', spanName)
    const operation = core.startSend(tracing, { ...QUEUE, ...(name && { spanName: name }) })
    const headers = { ...message.headers }
    if (!headers['traceparent']) core.injectContext(tracing, operation.context, headers)
    return core.runToEnd(operation, () => deliver({ ...message, headers }), {
      onResult: () => operation.set(extra && core.guard('attributes', extra)),
    })
  }
}
