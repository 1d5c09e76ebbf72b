import {
  TURNS_OF_NEST_11,
  amplication,
  bareServerSpan,
  bareSpans,
  nestRequests,
  throughline,
  tracingModule,
  untraced,
} from '../nest-subject.ts'
import type { Question } from '../question.ts'
import { startOurs } from '../sdk.ts'

export const question: Question = {
  title: 'A request of NestJS 11 on Fastify: controller, guard, pipe and interceptor',
  unit: 'request',
  base: 'no tracing',
  // Five spans, as ours: it makes none of the request, so that one is as cheap as can be.
  peer: 'amplication and a bare SERVER span',
  turns: TURNS_OF_NEST_11,
  budgets: { 'TracingModule and tracingInstrument': 0.8, 'the same with startTracing': 0.5 },
  variants: {
    'no tracing': () => nestRequests('11', untraced),
    'five bare SDK spans': () => nestRequests('11', untraced, bareSpans(5)),
    'TracingModule: request and handler': () => nestRequests('11', tracingModule),
    'TracingModule and tracingInstrument': () => nestRequests('11', throughline),
    'the same with startTracing': () => nestRequests('11', throughline, undefined, startOurs),
    'amplication and a bare SERVER span': () => nestRequests('11', amplication, bareServerSpan),
  },
}
