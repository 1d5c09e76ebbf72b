import { trace } from '@opentelemetry/api'
import { threadTask } from '@throughline/worker/threads'

const task: (spans: number) => void = threadTask((spans: number) => {
  const tracer = trace.getTracer('bench')
  for (let at = 0; at < spans; at++) {
    tracer.startSpan('work', { attributes: { 'work.index': at } }).end()
  }
})

export default task
