import { withSpan } from '@throughline/core'
import { traceTick } from '@throughline/worker/schedule'
import { Cron } from 'croner'

const sweep = traceTick({ name: 'sweep carts', everyMs: 20 }, () => {})
const timer = withSpan('boot', () => setInterval(sweep, 20))

const pattern = '* * * * * *'
const report = traceTick({ name: 'report', schedule: pattern }, async () => {
  clearInterval(timer)
  await withSpan('write report', async () => {})
})
// croner leaves a tick out while one runs: let the next one say so.
const cron = new Cron(pattern, { protect: () => report.missed(), maxRuns: 1 }, () => report())
await new Promise<void>((resolve) => {
  const watch = setInterval(() => {
    if (cron.isRunning()) return
    clearInterval(watch)
    resolve()
  }, 10)
})
