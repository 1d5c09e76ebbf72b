import { inspect, type InspectOptions } from 'node:util'
import {
  SpanStatusCode,
  diag,
  type Attributes,
  type AttributeValue,
  type Exception,
  type HrTime,
  type Link,
  type SpanContext,
  type SpanKind,
  type SpanOptions,
  type SpanStatus,
  type TimeInput,
} from '@opentelemetry/api'
import { hrTimeDuration, isTimeInput, type InstrumentationScope } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import type { Span, TimedEvent } from '@opentelemetry/sdk-trace'
import type { CleanAttributes } from './attributes.ts'
import { timeAt, type Anchor } from './clock.ts'
import { createEvent, exceptionAttributes } from './event.ts'
import { inspectSpan } from './inspect-span.ts'
import { copyLink } from './link.ts'
import { sayDropped, sayEndedBeforeStart, sayEndedTwice, sayUsedAfterEnd } from './misuse.ts'
import type { SpanSettings } from './span-settings.ts'
import { toTime } from './time-input.ts'

const NO_TIME: HrTime = [0, 0]
const NO_DURATION: HrTime = [-1, -1]

/**
 * A span as the SDK makes it, for processors and exporters to read, at a fraction of the cost.
 *
 * Its fields are not private to the engine: exporters put proxies and derived objects before spans, to show some of it
 * otherwise, and through those such fields cannot be reached. All are set here, in one order.
 */
export class RecordingSpan implements Span {
  name: string
  readonly kind: SpanKind
  readonly parentSpanContext?: SpanContext
  readonly startTime: HrTime
  endTime: HrTime = NO_TIME
  duration: HrTime = NO_DURATION
  ended = false
  status: SpanStatus = { code: SpanStatusCode.UNSET }
  readonly attributes: Attributes
  readonly links: Link[]
  readonly events: TimedEvent[] = []
  readonly resource: Resource
  readonly instrumentationScope: InstrumentationScope
  droppedEventsCount = 0
  droppedLinksCount: number
  private readonly settings: SpanSettings
  private readonly ownContext: SpanContext
  private readonly anchor: Anchor
  private readonly clean: CleanAttributes

  /** @param attributes - and `links`: copies that are valid */
  constructor(
    settings: SpanSettings,
    name: string,
    kind: SpanKind,
    context: SpanContext,
    parent: SpanContext | undefined,
    attributes: CleanAttributes,
    links: Link[],
    startTime: SpanOptions['startTime'],
  ) {
    const { clock, spanLimits } = settings
    const now = clock.now()
    const excess = links.length - spanLimits.linkCountLimit
    this.settings = settings
    this.name = name
    this.kind = kind
    this.ownContext = context
    this.parentSpanContext = parent!
    this.anchor = startTime == null ? clock.anchor : clock.anchorNotBehind(now)
    this.startTime =
      startTime == null ? timeAt(this.anchor, now) : toTime(startTime, this.anchor, clock)
    this.attributes = attributes.values
    this.clean = attributes
    this.links = excess > 0 ? links.slice(excess) : links
    this.droppedLinksCount = excess > 0 ? excess : 0
    this.resource = settings.resource
    this.instrumentationScope = settings.instrumentationScope
  }

  spanContext(): SpanContext {
    return this.ownContext
  }

  get droppedAttributesCount(): number {
    return this.clean.dropped
  }

  isRecording(): boolean {
    return !this.ended
  }

  setAttribute(key: string, value: AttributeValue): this {
    if (!this.isOver()) this.clean.set(key, value, this.settings.spanLimits)
    return this
  }

  setAttributes(attributes: Attributes): this {
    for (const key in attributes) {
      if (Object.hasOwn(attributes, key)) this.setAttribute(key, attributes[key])
    }
    return this
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.isOver()) return this
    const { settings, events } = this
    const isTime = isTimeInput(attributesOrTime)
    const at = this.timeOf(isTime && !isTimeInput(time) ? attributesOrTime : time)
    const attributes = isTime ? undefined : attributesOrTime
    events.push(createEvent(name, at, attributes, settings.eventLimits))
    if (dropFirst(events, settings.spanLimits.eventCountLimit)) this.droppedEventsCount++
    return this
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const attributes = exceptionAttributes(exception)
    if (attributes) this.addEvent('exception', attributes, time)
    else diag.warn('Failed to record an exception', exception)
  }

  addLink(link: Link): this {
    if (this.isOver()) return this
    const { settings, links } = this
    links.push(copyLink(link, settings.linkLimits))
    if (dropFirst(links, settings.spanLimits.linkCountLimit)) this.droppedLinksCount++
    return this
  }

  addLinks(links: Link[]): this {
    for (const link of links) this.addLink(link)
    return this
  }

  setStatus(status: SpanStatus): this {
    if (this.isOver()) return this
    const { code, message } = status
    if (code === SpanStatusCode.UNSET || this.status.code === SpanStatusCode.OK) return this
    this.status = { code }
    if (code !== SpanStatusCode.ERROR || message == null) return this
    if (typeof message === 'string') this.status.message = message
    else {
      diag.warn(`Dropping invalid status.message of type '${typeof message}', expected 'string'`)
    }
    return this
  }

  updateName(name: string): this {
    if (!this.isOver()) this.name = name
    return this
  }

  end(endTime?: TimeInput): void {
    if (this.isOver()) return sayEndedTwice(this.name, this.ownContext)
    const { processor } = this.settings
    this.endTime = this.timeOf(endTime)
    this.duration = hrTimeDuration(this.startTime, this.endTime)
    if (this.duration[0] < 0) {
      sayEndedBeforeStart(this.startTime, this.endTime)
      this.endTime = [...this.startTime]
      this.duration = [0, 0]
    }
    sayDropped('event', this.droppedEventsCount)
    sayDropped('link', this.droppedLinksCount)
    processor.onEnding?.(this)
    this.ended = true
    processor.onEnd(this)
  }

  private timeOf(input: TimeInput | undefined): HrTime {
    return toTime(input, this.anchor, this.settings.clock)
  }

  /** Says who uses a span that has ended. */
  private isOver(): boolean {
    if (!this.ended) return false
    sayUsedAfterEnd(this.ownContext)
    return true
  }
}

// Outside of the class, whose declarations could not be derived with a computed name in it.
Object.defineProperty(RecordingSpan.prototype, inspect.custom, {
  value(this: RecordingSpan, depth: number, options: InspectOptions, show: typeof inspect) {
    return inspectSpan(this, depth, options, show)
  },
})

/** Lets go of the first where there are more than may be. */
function dropFirst(list: unknown[], limit: number): boolean {
  if (!(list.length > limit)) return false
  list.shift()
  return true
}
