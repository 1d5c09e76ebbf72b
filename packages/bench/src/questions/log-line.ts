import { createRequire } from 'node:module'
import { context, trace } from '@opentelemetry/api'
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino'
import { traceChild, traceMixin } from '@throughline/core/logging'
import type { Logger, LoggerOptions, pino } from 'pino'
import type { Question, Subject } from '../question.ts'
import { registerSdk } from '../sdk.ts'

const require = createRequire(import.meta.url)
// A line that nobody reads is never put together; a stream would have to.
let written = 0
const nowhere = { write: (line: string) => void (written += Buffer.byteLength(line)) }

function createLogger(options: LoggerOptions = {}): Logger {
  return (require('pino') as typeof pino)(options, nowhere)
}

/** Writes lines in an active span, as a handler does. */
function lines(create: () => Logger): Subject {
  const span = trace.getTracer('bench').startSpan('request')
  const inSpan = trace.setSpan(context.active(), span)
  // Made in the request's span, as an integration does.
  const log = context.with(inSpan, create)
  return {
    run(times) {
      context.with(inSpan, () => {
        for (let at = 0; at < times; at++) log.info('order placed')
      })
    },
  }
}

export const question: Question = {
  title: 'Trace ids in a pino line',
  unit: 'line',
  base: 'pino',
  peer: 'instrumentation-pino',
  budgets: { 'pre-bound child': 0.3 },
  variants: {
    pino: () => {
      registerSdk()
      return lines(() => createLogger())
    },
    'instrumentation-pino': () => {
      registerSdk()
      new PinoInstrumentation({ disableLogSending: true }).enable()
      return lines(() => createLogger())
    },
    'mixin: traceMixin()': () => {
      registerSdk()
      return lines(() => createLogger({ mixin: traceMixin() }))
    },
    'pre-bound child': () => {
      registerSdk()
      return lines(() => traceChild(createLogger()))
    },
    'pre-bound child, mixin: traceMixin()': () => {
      registerSdk()
      return lines(() => traceChild(createLogger({ mixin: traceMixin() })))
    },
  },
}
