import 'reflect-metadata'
import { ROOT_CONTEXT, SpanKind, context, trace, type Context } from '@opentelemetry/api'
import { tracingInstrument } from '@throughline/nestjs'
import type { Question, Subject } from '../question.ts'
import { registerSdk } from '../sdk.ts'

class OpenGuard {
  canActivate(_execution: unknown): boolean {
    return true
  }
}

const EXECUTION = { getHandler() {}, switchToHttp() {} }

function calls(guard: OpenGuard, active: Context = ROOT_CONTEXT): Subject {
  let sink = 0
  return {
    run(times) {
      context.with(active, () => {
        for (let at = 0; at < times; at++) if (guard.canActivate(EXECUTION)) sink++
      })
      return sink
    },
  }
}

function wrapped(): OpenGuard {
  return tracingInstrument().instanceDecorator(new OpenGuard()) as OpenGuard
}

/** In a request whose trace is not recorded. */
function sampledOut(): Context {
  registerSdk({ sampled: false })
  const server = trace.getTracer('bench').startSpan('GET', { kind: SpanKind.SERVER }, ROOT_CONTEXT)
  return trace.setSpan(ROOT_CONTEXT, server)
}

// A call costs next to nothing, so there is no ratio to go by: what a variant adds to the first is what counts, at most
// 0.5 µs a call.
export const question: Question = {
  title: 'A wrapped guard where nothing is recorded',
  unit: 'call',
  peer: 'not wrapped',
  budgets: {},
  variants: {
    'not wrapped': () => calls(new OpenGuard()),
    'tracingInstrument, no SDK': () => calls(wrapped()),
    'tracingInstrument, in a request that is sampled out': () => calls(wrapped(), sampledOut()),
  },
}
