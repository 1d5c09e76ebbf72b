import { subscribe } from 'node:diagnostics_channel'
import { Piscina } from 'piscina'
import { SPAN_RECORD_CHANNEL } from '@throughline/core/integration'
import { collectThreadSpans, traceTask } from '@throughline/worker/threads'
import { trace } from '@opentelemetry/api'
import type { Question, Subject } from '../question.ts'
import { registerSdk } from '../sdk.ts'

const SPANS = 100

/** Tasks of a hundred spans each in one thread. It fails unless every span came over, also those right before `destroy()`. */
function relayed(): Subject {
  registerSdk()
  const filename = new URL('../span-task.ts', import.meta.url).href
  const pool = new Piscina({ filename, maxThreads: 1, minThreads: 1 })
  const tracer = trace.getTracer('bench')
  let missing = 0
  subscribe(SPAN_RECORD_CHANNEL, () => void missing--)
  const request = async (tasks: number): Promise<void> => {
    missing += tasks * SPANS
    await tracer.startActiveSpan('request', async (span) => {
      const running = Array.from({ length: tasks }, () => pool.run(traceTask(SPANS)))
      await Promise.all(running)
      span.end()
    })
  }
  const check = (): void => {
    collectThreadSpans()
    if (missing !== 0) throw new Error(`${missing} spans were lost`)
  }
  return {
    async run(times) {
      await request(Math.ceil(times / SPANS))
      check()
    },
    async close() {
      await request(100)
      await pool.destroy()
      check()
    },
  }
}

export const question: Question = {
  title: 'A span of a worker thread, brought to the main thread (aim: 50,000 a second, none lost)',
  unit: 'span',
  peer: 'relayed from a thread',
  budgets: {},
  variants: { 'relayed from a thread': relayed },
}
