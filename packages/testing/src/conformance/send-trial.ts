import assert from 'node:assert/strict'
import {
  ROOT_CONTEXT,
  context,
  trace,
  type Context,
  type TextMapPropagator,
} from '@opentelemetry/api'
import type { Sender } from './made-up-sender.ts'
import type { IntegrationOptions } from './options.ts'
import type { ArrivedHeaders, SendAdapter, Sending } from './send-adapter.ts'
import { Trial, WorkFailed, within } from './trial.ts'

/** What a caller got: the value returned at once, and what it settled with. */
export interface Outcome {
  readonly returned: unknown
  readonly settled: PromiseSettledResult<unknown>
}

/** The field by which a carrier is told. */
const FIELD = 'traceparent'

/** An integration that sends. */
export class SendTrial<M> extends Trial {
  /** How often the propagator was asked to write. */
  injections = 0
  readonly #arrived = new Map<string, ArrivedHeaders[]>()
  readonly #adapter: SendAdapter<M>
  #sending: Sending<M> | undefined

  constructor(adapter: SendAdapter<M>, sampled?: boolean) {
    super(adapter.span.kind, adapter.timeoutMs, sampled)
    this.#adapter = adapter
  }

  /** Starts the integration with the suite's options and these. */
  async start(options: Partial<IntegrationOptions> = {}): Promise<void> {
    const { tracerProvider, propagator } = this.tracing
    const counting: TextMapPropagator = {
      fields: () => propagator.fields(),
      extract: (...args) => propagator.extract(...args),
      inject: (...args) => {
        this.injections++
        propagator.inject(...args)
      },
    }
    const all = { tracerProvider, propagator: counting, ...options }
    this.#sending = await this.#adapter.start(all, (id, headers) => this.#arrive(id, headers))
  }

  message(id: string, headers: Record<string, string> = {}): M {
    return this.#sending!.message(id, headers)
  }

  /** Makes a call from inside `from`, and asserts that it did what it is there for. */
  async send(
    id: string,
    from: Context = ROOT_CONTEXT,
    headers?: Record<string, string>,
  ): Promise<void> {
    await this.call(this.message(id, headers), from)
    this.expectArrived(id)
  }

  /** Makes a call from inside `from`; an id that starts with `fail` fails. */
  call(message: M, from: Context = ROOT_CONTEXT): Promise<Outcome> {
    return context.with(from, () => this.callHere(message))
  }

  /** Makes a call from wherever it is called. */
  async callHere(message: M): Promise<Outcome> {
    const returned = this.#sending!.send(message)
    const settled = Promise.allSettled([returned])
    return { returned, settled: (await within(this.timeoutMs, settled, 'a call to settle'))[0] }
  }

  expectArrived(id: string): void {
    const times = this.#arrived.get(id)?.length ?? 0
    assert.equal(times, 1, `"${id}" arrived ${times} times at the receiving end`)
  }

  /** Neither a span was made nor a context sent. */
  expectUntraced(): void {
    this.expectNoSpans()
    for (const id of this.#arrived.keys()) {
      assert.equal(this.arrivedContext(id), undefined, 'a context was sent')
    }
  }

  /** The `traceparent` that arrived with it; one at most. */
  arrivedContext(id: string): Sender | undefined {
    const headers = this.#arrived.get(id)?.[0] ?? {}
    const fields = Object.entries(headers).filter(([name]) => name.toLowerCase() === FIELD)
    const [value, second] = fields.flatMap((field) => field[1] ?? [])
    assert.equal(second, undefined, `"${id}" carries two contexts`)
    if (value === undefined) return undefined
    const text = typeof value === 'object' ? Buffer.from(value).toString() : String(value)
    const [, traceId, spanId] = /^00-(\w{32})-(\w{16})-0[0-3]$/.exec(text) ?? []
    assert.ok(traceId && spanId, `"${id}" carries "${text}", which is no traceparent`)
    return { traceId, spanId, carrier: { [FIELD]: text } }
  }

  async stop(): Promise<void> {
    const sending = this.#sending
    this.#sending = undefined
    await sending?.stop()
    this.#arrived.clear()
  }

  async #arrive(id: string, headers: ArrivedHeaders): Promise<void> {
    this.#arrived.set(id, [...(this.#arrived.get(id) ?? []), headers])
    await new Promise((resolve) => setImmediate(resolve))
    if (id.startsWith('fail')) throw new WorkFailed()
  }
}

/** The context in which the span of a made-up caller is active. */
export function callerContext({ traceId, spanId }: Sender): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: 1 })
}
