import { createJobTracer, drainAndFlush } from '@throughline/worker'

const jobs = createJobTracer({ system: 'outbox' })
const tracing = { shutdown: async () => console.log('exported') } // what `startTracing()` answers
const worker = { close: () => running }

// Leave `signals` out to do it at once.
void drainAndFlush({ drain: [worker], flush: tracing, signals: ['SIGTERM', 'SIGINT'] })

const running = jobs.process({ queue: 'mail', name: 'welcome' }, async () => {
  process.kill(process.pid, 'SIGTERM') // in the middle of a job
  await new Promise((resolve) => setTimeout(resolve, 50))
})
