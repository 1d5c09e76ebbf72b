// `npm run demo`: installs, builds and runs the shop. Progress goes to stderr, so that `--json` has stdout for itself.
import { install, run, turbo } from './set-up.mjs'

const startedAt = Date.now()

await step('installing', install)
await step('building', () => turbo('build'))
const demo = ['--disable-warning=TimeoutNegativeWarning', 'examples/shop/demo/main.ts']
const { code } = await run('node', [...demo, ...process.argv.slice(2)], {
  extraEnv: { THROUGHLINE_DEMO_STARTED_AT: String(startedAt) },
})
process.exitCode = code

async function step(what, work) {
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1).padStart(5)
  console.error(`${seconds} s  ${what}`)
  const { code, output } = await work()
  if (code === 0) return
  console.error(`${output}\nThe demo failed: ${what} did not work, see above.`)
  process.exit(1)
}
