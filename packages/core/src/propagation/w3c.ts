import {
  type Context,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api'
import { contextWithRemoteSpan } from './layered-context.ts'
import { outgoingSpanContext } from './span-context.ts'
import { TraceState, emptyTraceState, remoteFlagsOf } from './trace-state.ts'
import { KNOWN_FLAGS, RANDOM_FLAG, formatTraceparent, parseTraceparent } from './traceparent.ts'

const TRACEPARENT = 'traceparent'
const TRACESTATE = 'tracestate'

/**
 * W3C trace context level 2. What is read keeps all eight flag bits, and what is sent on unchanged sends them all; a
 * span made here sends `sampled` as it was decided, and `random` as the trace came with it.
 */
export class W3CTraceContextPropagator implements TextMapPropagator {
  readonly #ownFlags: number

  /** @param randomTraceIds - whether trace ids that are made here end in 7 random bytes, as every SDK's own do */
  constructor(randomTraceIds: boolean = true) {
    this.#ownFlags = randomTraceIds ? RANDOM_FLAG : 0
  }

  fields(): string[] {
    return [TRACEPARENT, TRACESTATE]
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const spanContext = outgoingSpanContext(context)
    if (!spanContext) return
    setter.set(carrier, TRACEPARENT, formatTraceparent(spanContext, this.#flagsOf(spanContext)))
    const state = spanContext.traceState?.serialize()
    if (state) setter.set(carrier, TRACESTATE, state)
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const sender = readW3cSender(carrier, getter)
    return sender ? contextWithRemoteSpan(context, sender) : context
  }

  // SDKs give a span no flag but `sampled`, so what its trace came with is taken from where it was kept.
  #flagsOf({ traceFlags, isRemote, traceState }: SpanContext): number {
    if (isRemote) return traceFlags
    const remote = remoteFlagsOf(traceState)
    return (traceFlags & KNOWN_FLAGS) | (remote < 0 ? this.#ownFlags : remote & RANDOM_FLAG)
  }
}

/** The span that a carrier names as its sender, for those who need no context around it, such as a link. It is valid. */
export function readW3cSender<C>(carrier: C, getter: TextMapGetter<C>): SpanContext | undefined {
  const header = getter.get(carrier, TRACEPARENT)
  const sender = typeof header === 'string' ? parseTraceparent(header) : undefined
  if (!sender) return undefined
  const state = getter.get(carrier, TRACESTATE)
  const { traceFlags } = sender
  sender.traceState =
    typeof state === 'string' && state !== ''
      ? new TraceState(state, traceFlags)
      : emptyTraceState(traceFlags)
  return sender
}

/** W3C trace context for places with no SDK and so no global propagator, such as a worker thread. */
export const w3cPropagator: TextMapPropagator = new W3CTraceContextPropagator()
