import 'reflect-metadata'
import { tracingInstrument } from '@throughline/nestjs'
import type { Question, Subject } from '../question.ts'

class OpenGuard {
  canActivate(_execution: unknown): boolean {
    return true
  }
}

const EXECUTION = { getHandler() {}, switchToHttp() {} }

function calls(guard: OpenGuard): Subject {
  let sink = 0
  return {
    run(times) {
      for (let at = 0; at < times; at++) if (guard.canActivate(EXECUTION)) sink++
      return sink
    },
  }
}

export const question: Question = {
  title: 'A wrapped guard where no SDK is registered',
  unit: 'call',
  peer: 'not wrapped',
  budgets: {},
  variants: {
    'not wrapped': () => calls(new OpenGuard()),
    'tracingInstrument, no SDK': () => {
      return calls(tracingInstrument().instanceDecorator(new OpenGuard()) as OpenGuard)
    },
  },
}
