import {
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
  title: 'A request of NestJS 12 on Fastify: controller, guard, pipe and interceptor',
  unit: 'request',
  base: 'no tracing',
  // Five spans, as ours: it makes none of the request, so that one is as cheap as can be.
  peer: 'amplication and a bare SERVER span',
  budgets: { 'TracingModule and tracingInstrument': 0.8, 'the same with startTracing': 0.5 },
  variants: {
    'no tracing': () => nestRequests('12', untraced),
    'five bare SDK spans': () => nestRequests('12', untraced, bareSpans(5)),
    'TracingModule: request and handler': () => nestRequests('12', tracingModule),
    'TracingModule and tracingInstrument': () => nestRequests('12', throughline),
    'the same with startTracing': () => nestRequests('12', throughline, undefined, startOurs),
    'amplication and a bare SERVER span': () => nestRequests('12', amplication, bareServerSpan),
  },
}
