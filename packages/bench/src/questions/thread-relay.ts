import { subscribe } from 'node:diagnostics_channel'
import { Piscina } from 'piscina'
import { SPAN_RECORD_CHANNEL } from '@throughline/core/integration'
import { collectThreadSpans, traceTask } from '@throughline/worker/threads'
import { trace } from '@opentelemetry/api'
import type { Question, Subject } from '../question.ts'
import { registerSdk } from '../sdk.ts'

const SPANS = 100

/**
 * Tasks of a hundred spans each in one thread. It fails unless every span came over, also those right before `destroy()`.
 */
async function relayed(): Promise<Subject> {
  registerSdk()
  const filename = new URL('../span-task.ts', import.meta.url).href
  const pool = new Piscina({ filename, maxThreads: 1, minThreads: 1 })
  const tracer = trace.getTracer('bench')
  let missing = 0
  subscribe(SPAN_RECORD_CHANNEL, () => void missing--)
  const request = async (spans: number): Promise<void> => {
    missing += spans
    await tracer.startActiveSpan('request', async (span) => {
      const running: Promise<unknown>[] = []
      for (let left = spans; left > 0; left -= SPANS) {
        running.push(pool.run(traceTask(Math.min(left, SPANS))))
      }
      await Promise.all(running)
      span.end()
    })
  }
  const check = (): void => {
    collectThreadSpans()
    if (missing !== 0) throw new Error(`${missing} spans were lost`)
  }
  const subject = {
    async run(times: number) {
      await request(times)
      check()
    },
    async close() {
      await request(10_000)
      await pool.destroy()
      check()
    },
  }
  await subject.run(SPANS) // its thread has to start before anything can be measured
  return subject
}

export const question: Question = {
  title:
    'A span of a worker thread, brought to the main thread (aim: 50,000 a second, 20 µs each; none lost)',
  unit: 'span',
  peer: 'relayed from a thread',
  budgets: {},
  variants: { 'relayed from a thread': relayed },
}
