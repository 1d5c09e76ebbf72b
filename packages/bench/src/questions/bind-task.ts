import { context, trace } from '@opentelemetry/api'
import { bindTask } from '@throughline/worker/in-process'
import { traceTick } from '@throughline/worker/schedule'
import type { Question, Subject } from '../question.ts'

let sink = 0
const work = (): void => void sink++

function repeated(call: () => void): Subject {
  return {
    run(times) {
      for (let at = 0; at < times; at++) call()
    },
  }
}

const tracer = trace.getTracer('bench')

/** What a tick costs that is written by hand. */
function byHand(): void {
  tracer.startActiveSpan('tick sweep', { root: true }, (span) => {
    try {
      work()
    } finally {
      span.end()
    }
  })
}

export const question: Question = {
  title: '`traceTick` and `bindTask` where no SDK is registered (aim: 0.2 µs)',
  unit: 'call',
  peer: '`startActiveSpan` by hand',
  budgets: {},
  variants: {
    '`startActiveSpan` by hand': () => repeated(byHand),
    '`traceTick`': () => repeated(traceTick({ name: 'sweep' }, work)),
    '`context.bind` and a call': () => repeated(() => context.bind(context.active(), work)()),
    '`bindTask` and a call': () => repeated(() => bindTask(work)()),
  },
}
