import {
  NEST_TURNS,
  amplication,
  bareServerSpan,
  bareSpans,
  layersAlone,
  nestRequests,
  throughline,
  tracingModule,
  untraced,
} from './nest-subject.ts'
import type { NestMajor } from './nest-version.ts'
import type { Question } from './question.ts'
import { startOurs } from './sdk.ts'

/**
 * What a controller, a guard, a pipe and an interceptor cost when they are traced, on top of the span of their request:
 * amplication makes none, so it gets one that says nothing. Ours is asked below that same span too, and with its own.
 */
export function nestLayers(major: NestMajor): Question {
  return {
    title: `Controller, guard, pipe and interceptor of NestJS ${major} on Fastify, below a SERVER span`,
    unit: 'request',
    base: 'the SERVER span alone',
    bases: { 'tracingInstrument with startTracing': 'the SERVER span alone with startTracing' },
    peer: 'amplication',
    turns: NEST_TURNS,
    budgets: {
      tracingInstrument: 0.8,
      'tracingInstrument with startTracing': 0.5,
      'TracingModule and tracingInstrument': 0.8,
      'TracingModule and tracingInstrument with startTracing': 0.5,
    },
    variants: {
      'no tracing': () => nestRequests(major, untraced),
      'the SERVER span alone': () => nestRequests(major, untraced, bareServerSpan),
      'the SERVER span alone with startTracing': () =>
        nestRequests(major, untraced, bareServerSpan, startOurs),
      'four more bare SDK spans': () => nestRequests(major, untraced, bareSpans(5)),
      tracingInstrument: () => nestRequests(major, layersAlone, bareServerSpan),
      'tracingInstrument with startTracing': () =>
        nestRequests(major, layersAlone, bareServerSpan, startOurs),
      'TracingModule: request and handler': () => nestRequests(major, tracingModule),
      'TracingModule and tracingInstrument': () => nestRequests(major, throughline),
      'TracingModule and tracingInstrument with startTracing': () =>
        nestRequests(major, throughline, undefined, startOurs),
      amplication: () => nestRequests(major, amplication, bareServerSpan),
    },
  }
}
