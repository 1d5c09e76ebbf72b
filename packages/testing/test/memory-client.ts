// A small client of a queue in memory, sound by itself and broken on request in one way at a time.
import { ROOT_CONTEXT, SpanStatusCode, context, trace, type Context } from '@opentelemetry/api'
import type { Arrive, IntegrationOptions, SendAdapter } from '@throughline/testing/conformance'
// By path: core's own tests use this package, and a dependency back would close a circle of builds.
import { guard, resolveTracing, runToEnd } from '../../core/src/integration.ts'
import type { Operation } from '../../core/src/integration.ts'
import { startSend } from '../../core/src/messaging/index.ts'
import {
  injectContext,
  isTracingSuppressed,
  objectSetter,
} from '../../core/src/propagation/index.ts'

/** Each way to be broken, with the case that must find it and what that case must say. */
export const SEND_FAULTS = {
  'starts from ROOT': ['parent', 'is not the child of its caller'],
  'remembers the first caller': ['root', 'a parent out of nowhere'],
  'sends no context': ['carrier', 'no context arrived'],
  "sends the caller's context": ['carrier', 'is not of its span'],
  'writes the context twice': ['carrier', 'written 2 times'],
  'sends two contexts': ['carrier', 'carries two contexts'],
  'replaces a context': ['existing', 'was replaced'],
  "writes into the caller's headers": ['untouched', "the caller's headers were changed"],
  "writes into the caller's message": ['untouched', "the caller's objects were changed"],
  'wraps the error': ['outcome', 'in another way than without tracing'],
  'answers with something else': ['outcome', 'in another way than without tracing'],
  'leaves its context active': ['caller', 'another context is active in the caller'],
  'takes a success for an error': ['success', 'taken for an error'],
  'never ends its span': ['success', 'never ended'],
  'ends its span twice': ['success', 'ended more than once'],
  'makes two spans': ['success', 'expected 1 spans of the kind PRODUCER'],
  'ends a failure as a success': ['failure', 'without status ERROR'],
  'gives no error.type': ['failure', 'no error.type'],
  'records the exception twice': ['failure', 'recorded 2 times'],
  'names its span as it likes': ['semconv', 'should be named'],
  'uses a scope that is not its own': ['scope', 'the scope is another'],
  'gives attributes only at the end': ['sampler', 'not told "messaging.destination.name"'],
  'drops what is not sampled': ['sampled-out', 'arrived 0 times'],
  'says that it is sampled': ['sampled-out', 'says that the span was sampled'],
  'records the headers': ['private', "a header's value"],
  'traces where tracing is suppressed': ['suppressed', 'a context was to be written'],
  'traces what is ignored': ['ignored', 'a span was'],
  'traces though not enabled': ['disabled', 'a span was'],
  'counts on an SDK': ['no-sdk', 'arrived 0 times'],
  'lets a fault of the SDK through': ['broken-sdk', 'a broken propagator'],
  'lets a fault of a hook through': ['hooks', 'arrived 0 times'],
  'keeps the current span in a variable': ['concurrent', "carries another's context"],
} as const

export type SendFault = keyof typeof SEND_FAULTS

interface Message {
  readonly id: string
  readonly headers: Record<string, string | string[]>
}

type Send = (message: Message) => Promise<unknown>

const scope = { name: '@throughline/example-client', version: '1.2.3' }

export function clientAdapter(fault?: SendFault): SendAdapter<Message> {
  return {
    name: fault ? `a client that ${fault}` : 'a client',
    scope,
    span: {
      kind: 'PRODUCER',
      attributes: ['messaging.system', 'messaging.operation.type', 'messaging.destination.name'],
    },
    timeoutMs: fault ? 400 : 3000,
    start(options, arrive) {
      return {
        message: (id, headers) => ({ id, headers }),
        send: traceSend(transport(arrive), options, fault),
        stop: () => {},
      }
    },
  }
}

function transport(arrive: Arrive): Send {
  return async ({ id, headers }) => {
    await arrive(id, headers)
    return { offset: id.length }
  }
}

function traceSend(send: Send, options: IntegrationOptions, fault: SendFault | undefined): Send {
  const has = (one: SendFault): boolean => one === fault
  const own = { ...scope, ...(has('uses a scope that is not its own') && { name: 'other' }) }
  const tracing = resolveTracing(own, 'client', options)
  if (options.enabled === false && !has('traces though not enabled')) return send
  const first = has('remembers the first caller') ? sender : undefined
  let current: Operation | undefined
  const hook = <T>(what: string, fn: () => T): T | undefined =>
    has('lets a fault of a hook through') ? fn() : guard(what, fn)

  return async (message) => {
    const active = context.active()
    if (isTracingSuppressed(active) && !has('traces where tracing is suppressed'))
      return send(message)
    const { ignore, spanName, attributes } = options
    if (ignore && hook('ignore', ignore) && !has('traces what is ignored')) return send(message)
    const name = spanName && hook('spanName', spanName)
    const late = has('gives attributes only at the end')
    const operation = startSend(tracing, {
      system: 'memory',
      destination: late ? (undefined as never) : 'orders',
      attributes: has('records the headers') ? message.headers : {},
      parent: first ?? (has('starts from ROOT') ? ROOT_CONTEXT : active),
      ...(name && { spanName: name }),
      ...(has('names its span as it likes') && { spanName: 'orders' }),
    })
    if (has('makes two spans')) startSend(tracing, { system: 'memory', destination: 'o' }).end()
    if (has('drops what is not sampled') && !operation.recording) return undefined
    if (has('counts on an SDK'))
      Object.keys((operation.span as never as { attributes: object }).attributes)
    current = operation
    if (has('leaves its context active')) context.attach(operation.context)
    if (has('keeps the current span in a variable'))
      await new Promise<void>((resolve) => void setImmediate(resolve))
    if (has('never ends its span')) return send(write(current, message, active))
    return runToEnd(operation, () => settle(send(write(current!, message, active))), {
      onResult: () => {
        if (attributes) operation.set(hook('attributes', attributes))
        if (has('takes a success for an error')) operation.error({ type: 'none' })
        if (has('ends its span twice')) operation.span.end()
      },
      onError: (error) => fail(operation, error),
    })
  }

  async function settle(sent: Promise<unknown>): Promise<unknown> {
    try {
      const result = await sent
      return has('answers with something else') ? { ...(result as object), traced: true } : result
    } catch (cause) {
      throw has('wraps the error') ? new Error('traced', { cause }) : cause
    }
  }

  function fail(operation: Operation, error: unknown): void {
    if (has('ends a failure as a success')) return operation.end()
    if (has('records the exception twice')) operation.span.recordException(error as Error)
    if (has('gives no error.type')) {
      operation.span.setStatus({ code: SpanStatusCode.ERROR })
      return operation.end()
    }
    operation.fail(error)
  }

  function write(operation: Operation, message: Message, caller: Context): Message {
    const { headers } = message
    if (has('sends no context')) return message
    if (has('lets a fault of the SDK through'))
      tracing.propagator.inject(operation.context, headers, objectSetter)
    const carried = { ...headers }
    if (headers['traceparent'] && !has('replaces a context')) return message
    injectContext(tracing, source(operation, caller), carried)
    if (has('writes the context twice')) injectContext(tracing, operation.context, carried)
    if (has('sends two contexts')) {
      carried['traceparent'] = [carried['traceparent'] as string, carried['traceparent'] as string]
    }
    if (has("writes into the caller's headers")) Object.assign(headers, carried)
    if (has("writes into the caller's message")) return Object.assign(message, { headers: carried })
    return { ...message, headers: carried }
  }

  function source(operation: Operation, caller: Context): Context {
    if (has("sends the caller's context")) return caller
    if (!has('says that it is sampled')) return operation.context
    return trace.setSpanContext(ROOT_CONTEXT, { ...operation.span.spanContext(), traceFlags: 1 })
  }
}

const sender = trace.setSpanContext(ROOT_CONTEXT, {
  traceId: '1'.repeat(32),
  spanId: '2'.repeat(16),
  traceFlags: 1,
})
