// A small integration of a queue in memory, sound by itself and broken on request in one way at a time.
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  context,
  type Attributes,
  type Context,
} from '@opentelemetry/api'
import type { EntryAdapter, EntryOptions, Handle } from '@throughline/testing/conformance'
// By path: core's own tests use this package, and a dependency back would close a circle of builds.
import { guard, resolveTracing, runToEnd, startOperation } from '../../core/src/integration.ts'
import type { Operation, Tracing } from '../../core/src/integration.ts'
import { startProcess } from '../../core/src/messaging/index.ts'
import {
  extractContext,
  headerGetter,
  isTracingSuppressed,
  linksTo,
  suppressTracing,
} from '../../core/src/propagation/index.ts'

/** Each way to be broken, with the case that must find it and what that case must say. */
export const FAULTS = {
  'reads no carrier': ['sender', 'does not continue'],
  'loses the link': ['sender', 'no link to its sender'],
  'parses the carrier by hand': ['malformed', 'Cannot read properties of null'],
  'believes any carrier': ['malformed', 'a parent out of nowhere'],
  'runs the work outside its span': ['active', 'is no child'],
  'ends its span twice': ['success', 'ended more than once'],
  'never ends its span': ['success', 'never ended'],
  'makes two spans of one message': ['success', 'expected 1 spans of the kind CONSUMER'],
  'takes a success for an error': ['success', 'taken for an error'],
  'forgets to end after a failure': ['failure', 'never ended'],
  'ends a failure as a success': ['failure', 'without status ERROR'],
  'gives no error.type': ['failure', 'no error.type'],
  'records the exception twice': ['failure', 'recorded 2 times'],
  'names its span as it likes': ['semconv', 'should be named'],
  'uses a scope that is not its own': ['scope', 'the scope is another'],
  'gives attributes only at the end': ['sampler', 'not told "messaging.system"'],
  'drops the work that is not sampled': ['sampled-out', 'never reached its handler'],
  'drops the context that is not sampled': ['sampled-out', 'no span context'],
  'records the headers': ['private', "a header's value"],
  'traces where tracing is suppressed': ['suppressed', 'a span was made'],
  'lets ignored work make spans': ['ignored', 'a span was made'],
  'traces though not enabled': ['disabled', 'a span was made'],
  'counts on an SDK': ['no-sdk', 'Cannot convert undefined'],
  'lets a fault of the SDK through': ['broken-sdk', 'a broken propagator'],
  'lets a fault of a hook through': ['hooks', 'a broken hook'],
  'keeps the current message in a variable': ['concurrent', 'does not continue'],
  'starts from the context of the loop': ['ambient', 'has a parent although nobody sent one'],
} as const

export type Fault = keyof typeof FAULTS

interface Message {
  readonly id: string
  readonly headers: Readonly<Record<string, string | Uint8Array>>
}

const ATTRIBUTES = {
  'messaging.system': 'memory',
  'messaging.operation.type': 'process',
  'messaging.destination.name': 'orders',
}

const scope = { name: '@throughline/example-queue', version: '1.2.3' }

export function queueAdapter(fault?: Fault): EntryAdapter {
  return {
    name: fault ? `a queue that ${fault}` : 'a queue',
    scope,
    span: {
      kind: 'CONSUMER',
      attributes: Object.keys(ATTRIBUTES),
    },
    carrier: 'bytes',
    timeoutMs: fault ? 400 : 3000,
    start(options, handle) {
      const integration = new QueueIntegration(options, handle, fault)
      const loop = startLoop((message) => integration.process(message))
      return { send: (id, headers) => loop.push({ id, headers }), stop: () => loop.stop() }
    },
  }
}

class QueueIntegration {
  readonly #tracing: Tracing
  readonly #options: EntryOptions
  readonly #handle: Handle
  readonly #fault: Fault | undefined
  #current: Operation | undefined

  constructor(options: EntryOptions, handle: Handle, fault: Fault | undefined) {
    this.#options = options
    this.#handle = handle
    this.#fault = fault
    const own = {
      ...scope,
      ...(this.#has('uses a scope that is not its own') && { name: 'other' }),
    }
    this.#tracing = resolveTracing(own, 'queue', options)
  }

  async process({ id, headers }: Message): Promise<void> {
    const { enabled, ignore } = this.#options
    if (enabled === false && !this.#has('traces though not enabled')) return this.#handle(id)
    const suppressed = isTracingSuppressed(context.active())
    if (suppressed && !this.#has('traces where tracing is suppressed')) return this.#handle(id)
    if (ignore && this.#hook('ignore', ignore)) {
      const inside = this.#has('lets ignored work make spans')
        ? ROOT_CONTEXT
        : suppressTracing(ROOT_CONTEXT)
      return context.with(inside, this.#handle, undefined, id)
    }
    const operation = this.#start(headers)
    if (this.#has('counts on an SDK'))
      Object.keys((operation.span as never as { attributes: object }).attributes)
    if (this.#has('makes two spans of one message')) this.#start(headers).end()
    this.#current = operation
    return this.#run(operation, id)
  }

  #start(headers: Message['headers']): Operation {
    const { spanName } = this.#options
    const name = spanName && this.#hook('spanName', spanName)
    const sender = this.#sender(headers)
    const extra: Attributes = this.#has('records the headers')
      ? Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, String(value)]))
      : {}
    if (this.#has('loses the link') || this.#has('gives attributes only at the end')) {
      const links = this.#has('loses the link') ? [] : linksTo(sender)
      const attributes = this.#has('loses the link') ? ATTRIBUTES : {}
      const options = { kind: SpanKind.CONSUMER, links, attributes }
      return startOperation(this.#tracing.tracer, 'process orders', options, sender)
    }
    return startProcess(this.#tracing, {
      system: 'memory',
      destination: 'orders',
      sender,
      relation: 'parent',
      attributes: extra,
      ...(name && { spanName: name }),
      ...(this.#has('names its span as it likes') && { spanName: 'orders' }),
    })
  }

  #sender(headers: Message['headers']): Context {
    if (this.#has('reads no carrier')) return ROOT_CONTEXT
    if (this.#has('lets a fault of the SDK through'))
      return this.#tracing.propagator.extract(ROOT_CONTEXT, headers, headerGetter)
    if (this.#has('starts from the context of the loop') && !headers['traceparent'])
      return context.active()
    if (this.#has('parses the carrier by hand'))
      (headers['traceparent'] as string)?.match(/-/g)!.at(0)
    if (this.#has('believes any carrier') && headers['traceparent'] === 'garbage') {
      return extractContext(this.#tracing, {
        traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
      })
    }
    return extractContext(this.#tracing, headers)
  }

  async #run(operation: Operation, id: string): Promise<void> {
    if (this.#has('drops the work that is not sampled') && !operation.recording) return
    if (this.#has('drops the context that is not sampled') && !operation.recording)
      return this.#handle(id)
    if (this.#has('never ends its span')) return operation.run(() => this.#handle(id))
    if (this.#has('takes a success for an error')) operation.error({ type: 'none' })
    if (this.#has('runs the work outside its span')) {
      return this.#handle(id).finally(() => operation.end())
    }
    if (this.#has('keeps the current message in a variable')) {
      await new Promise((resolve) => setImmediate(resolve))
      return runToEnd(operation, () => this.#current!.run(() => this.#handle(id)))
    }
    return runToEnd(operation, () => this.#handle(id), {
      onResult: () => {
        const { attributes } = this.#options
        if (attributes) operation.set(this.#hook('attributes', attributes))
        if (this.#has('ends its span twice')) operation.span.end()
      },
      onError: (error) => this.#fail(operation, error),
    })
  }

  #fail(operation: Operation, error: unknown): void {
    if (this.#has('ends a failure as a success')) return operation.end()
    if (this.#has('forgets to end after a failure')) Object.assign(operation, { end: () => {} })
    if (this.#has('records the exception twice')) operation.span.recordException(error as Error)
    if (this.#has('gives no error.type')) {
      operation.span.setStatus({ code: SpanStatusCode.ERROR })
      return operation.end()
    }
    operation.fail(error)
  }

  #hook<T>(what: string, hook: () => T): T | undefined {
    return this.#has('lets a fault of a hook through') ? hook() : guard(what, hook)
  }

  #has(fault: Fault): boolean {
    return this.#fault === fault
  }
}

/** Handles messages side by side, in the context of whoever started the loop, as consumers of libraries do. */
function startLoop(process: (message: Message) => Promise<void>) {
  type Task = { message: Message; done: (result: Promise<void>) => void }
  const tasks = new TransformStream<Task, Task>(undefined, { highWaterMark: 100 })
  const writer = tasks.writable.getWriter()
  const loop = (async () => {
    for await (const { message, done } of tasks.readable) done(process(message))
  })()
  return {
    push: (message: Message) => new Promise<void>((done) => void writer.write({ message, done })),
    stop: () => writer.close().then(() => loop),
  }
}
