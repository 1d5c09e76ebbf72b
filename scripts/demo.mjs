// `npm run demo`: installs, builds and runs the shop. Progress goes to stderr, so that `--json` has stdout for itself.
import { install, run, turbo } from './set-up.mjs'

const startedAt = Date.now()

await step('installing', install)
await step('building', () => turbo('build'))
const { code, signal } = await run(
  'node',
  [
    '--disable-warning=TimeoutNegativeWarning',
    'examples/shop/demo/main.ts',
    ...process.argv.slice(2),
  ],
  {
    extraEnv: { THROUGHLINE_DEMO_STARTED_AT: String(startedAt) },
  },
)
process.exitCode = signal ? 130 : code

async function step(what, work) {
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1).padStart(5)
  console.error(`${seconds} s  ${what}`)
  const { code, signal, output } = await work()
  if (code === 0) return
  if (!signal) console.error(`${output}\nThe demo failed: ${what} did not work, see above.`)
  process.exit(signal ? 130 : 1)
}
