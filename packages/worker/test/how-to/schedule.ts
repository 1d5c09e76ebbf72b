import { withSpan } from '@throughline/core'
import { traceTick } from '@throughline/worker/schedule'
import { Cron } from 'croner'

let swept = 0
const sweep = traceTick({ name: 'sweep carts', everyMs: 20 }, () => swept++)
const timer = withSpan('boot', () => setInterval(sweep, 20))

const pattern = '* * * * * *'
const report = traceTick({ name: 'report', schedule: pattern }, async () => {
  await withSpan('write report', async () => {})
})
// croner leaves a tick out while one runs: let the next one say so.
const cron = new Cron(pattern, { protect: () => report.missed(), maxRuns: 1 }, () => report())
await new Promise<void>((resolve) => {
  const watch = setInterval(() => {
    if (cron.isRunning() || swept === 0) return
    clearInterval(watch)
    clearInterval(timer)
    resolve()
  }, 10)
})
