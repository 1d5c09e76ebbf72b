import assert from 'node:assert/strict'
import { ROOT_CONTEXT, context, trace, type Context, type SpanContext } from '@opentelemetry/api'
import type { TestSpan } from '../span.ts'
import type { Entry, EntryAdapter } from './entry-adapter.ts'
import type { IntegrationOptions } from './options.ts'
import { TimeoutError, Trial, WORK, WorkFailed, within } from './trial.ts'

/** What a handler saw when a piece of work reached it. */
export interface Seen {
  readonly id: string
  readonly active: SpanContext | undefined
}

type Carrier = Parameters<Entry['send']>[1]

/** An integration that receives work. */
export class EntryTrial extends Trial {
  readonly seen: Seen[] = []
  readonly #adapter: EntryAdapter
  #entry: Entry | undefined

  constructor(adapter: EntryAdapter, sampled?: boolean) {
    super(adapter.span.kind, adapter.timeoutMs, sampled)
    this.#adapter = adapter
  }

  /** Starts the integration, from inside `from`, with the suite's options and these. */
  async start(
    options: Partial<IntegrationOptions> = {},
    from: Context = ROOT_CONTEXT,
  ): Promise<void> {
    const { tracerProvider, propagator } = this.tracing
    const all = { tracerProvider, propagator, ...options }
    this.#entry = await context.with(from, async () =>
      this.#adapter.start(all, (id) => this.#handle(id)),
    )
  }

  /** Hands in work; an id that starts with `fail` fails. Resolves when it was handled. */
  async send(id: string, carrier: Carrier = {}, from: Context = ROOT_CONTEXT): Promise<void> {
    const sent = context.with(from, () => this.#entry!.send(id, carrier))
    // A sender may be told of the failure or not; what the handler saw decides.
    await within(this.timeoutMs, sent, `"${id}" to be handled`).catch((error: unknown) => {
      if (error instanceof TimeoutError || !id.startsWith('fail')) throw error
    })
    assert.ok(
      this.seen.some((seen) => seen.id === id),
      `the work "${id}" never reached its handler`,
    )
  }

  async stop(): Promise<void> {
    await this.#entry?.stop()
  }

  /** The span that a handler made, by the id of its work. */
  workSpan(id: string): TestSpan {
    return this.tracing.span(`work ${id}`)
  }

  // A child of whatever is active, around a turn of the event loop, as any handler of a user would make.
  async #handle(id: string): Promise<void> {
    this.seen.push({ id, active: trace.getSpanContext(context.active()) })
    const span = this.tracing.tracerProvider.getTracer(WORK).startSpan(`work ${id}`)
    await new Promise((resolve) => setImmediate(resolve))
    span.end()
    if (id.startsWith('fail')) throw new WorkFailed()
  }
}
