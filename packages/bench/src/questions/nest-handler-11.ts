import {
  NEST_TURNS,
  bareServerSpan,
  handlerAlone,
  handlerOnly,
  instrumentationNestjsCore,
  nestRequests,
  tracingModule,
  untraced,
} from '../nest-subject.ts'
import type { Question } from '../question.ts'

// instrumentation-nestjs-core refuses Nest 12, so only Nest 11 can be asked.
export const question: Question = {
  title: 'The span of a handler of NestJS 11 on Fastify, below the SERVER span of somebody else',
  unit: 'request',
  base: 'the SERVER span alone',
  peer: 'instrumentation-nestjs-core (two spans)',
  turns: NEST_TURNS,
  budgets: { 'tracingInstrument alone': 0.5, 'TracingModule and tracingInstrument': 0.5 },
  variants: {
    'the SERVER span alone': () => nestRequests('11', untraced, bareServerSpan),
    'tracingInstrument alone': () => nestRequests('11', handlerAlone, bareServerSpan),
    'TracingModule alone': () => nestRequests('11', tracingModule, bareServerSpan),
    'TracingModule and tracingInstrument': () => nestRequests('11', handlerOnly, bareServerSpan),
    'instrumentation-nestjs-core (two spans)': () =>
      nestRequests('11', instrumentationNestjsCore, bareServerSpan),
  },
}
