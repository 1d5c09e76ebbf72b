import {
  SpanKind,
  SpanStatusCode,
  type Attributes,
  type Exception,
  type HrTime,
  type Link,
  type Span,
  type SpanContext,
  type SpanOptions,
  type SpanStatus,
  type TimeInput,
} from '@opentelemetry/api'
import { ATTR, describeError, type Scope, type SpanRecord } from '@throughline/core/integration'
import { AttributeSet, MAX_COUNT } from './attribute-set.ts'
import { toHrTime } from './clock.ts'
import { referenceTo } from './span-reference.ts'

type Mutable<T> = T extends readonly (infer E)[] ? E[] : never

/** A span that becomes plain data at its end. */
export class ThreadSpan implements Span {
  readonly #spanContext: SpanContext
  readonly #parent: SpanContext
  readonly #scope: Scope | { readonly name: string }
  readonly #onEnd: (record: SpanRecord) => void
  readonly #kind: SpanKind
  readonly #start: HrTime
  readonly #attributes = new AttributeSet()
  readonly #links: Mutable<SpanRecord['links']> = []
  readonly #events: Mutable<SpanRecord['events']> = []
  #name: string
  #status: SpanStatus = { code: SpanStatusCode.UNSET }
  #ended = false

  constructor(
    start: {
      readonly name: string
      readonly spanContext: SpanContext
      readonly parent: SpanContext
      readonly scope: Scope | { readonly name: string }
      readonly options: SpanOptions
    },
    onEnd: (record: SpanRecord) => void,
  ) {
    this.#name = start.name
    this.#spanContext = start.spanContext
    this.#parent = start.parent
    this.#scope = start.scope
    this.#onEnd = onEnd
    this.#kind = start.options.kind ?? SpanKind.INTERNAL
    this.#start = toHrTime(start.options.startTime)
    this.#attributes.setAll(start.options.attributes)
    if (start.options.links) this.addLinks(start.options.links)
  }

  spanContext(): SpanContext {
    return this.#spanContext
  }

  isRecording(): boolean {
    return !this.#ended
  }

  setAttribute(key: string, value: unknown): this {
    if (!this.#ended) this.#attributes.set(key, value)
    return this
  }

  setAttributes(attributes: Attributes): this {
    if (!this.#ended) this.#attributes.setAll(attributes)
    return this
  }

  addEvent(name: string, second?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.#ended || this.#events.length >= MAX_COUNT) return this
    const isTime = typeof second === 'number' || Array.isArray(second) || second instanceof Date
    const attributes = isTime ? undefined : second
    this.#events.push({
      name,
      time: toHrTime(isTime ? second : time),
      ...(attributes && { attributes: new AttributeSet().setAll(attributes).values }),
    })
    return this
  }

  addLink({ context, attributes }: Link): this {
    if (this.#ended || this.#links.length >= MAX_COUNT) return this
    const span = referenceTo(context)
    this.#links.push(
      attributes ? { span, attributes: new AttributeSet().setAll(attributes).values } : { span },
    )
    return this
  }

  addLinks(links: Link[]): this {
    for (const link of links) this.addLink(link)
    return this
  }

  /** OK is final, and UNSET never takes anything back. Trace API, "Set Status". */
  setStatus({ code, message }: SpanStatus): this {
    if (this.#ended || code === SpanStatusCode.UNSET) return this
    if (this.#status.code === SpanStatusCode.OK) return this
    const isError = code === SpanStatusCode.ERROR && typeof message === 'string'
    this.#status = isError ? { code, message } : { code }
    return this
  }

  updateName(name: string): this {
    if (!this.#ended) this.#name = name
    return this
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const { type, message } = describeError(exception)
    const stack = (exception as { stack?: unknown } | null | undefined)?.stack
    this.addEvent(
      'exception',
      {
        [ATTR.exceptionType]: type,
        [ATTR.exceptionMessage]: message,
        ...(typeof stack === 'string' && { [ATTR.exceptionStacktrace]: stack }),
      },
      time,
    )
  }

  end(time?: TimeInput): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd({
      v: 1,
      span: referenceTo(this.#spanContext),
      parent: referenceTo(this.#parent),
      name: this.#name,
      kind: this.#kind,
      start: this.#start,
      end: notBefore(this.#start, toHrTime(time)),
      status: this.#status,
      attributes: this.#attributes.values,
      links: this.#links,
      events: this.#events,
      scope: this.#scope,
    })
  }
}

function notBefore(start: HrTime, end: HrTime): HrTime {
  return end[0] < start[0] || (end[0] === start[0] && end[1] < start[1]) ? start : end
}
