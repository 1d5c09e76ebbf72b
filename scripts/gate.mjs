// `npm test`: everything that must hold before a change lands. `--full` adds the heavy matrices and soaks.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { install, run, turbo } from './set-up.mjs'

const full = process.argv.includes('--full')
const startedAt = Date.now()
const failed = []

const installed = await step('install', install)
if (installed) {
  await step('format', () => run('oxfmt', ['--check', '.'], { capture: true }))
  await step('lint', () => run('oxlint', ['--type-aware', '--deny-warnings'], { capture: true }))
  await step('build', () => turbo('build'))
  await step('types', () => turbo('typecheck'))
  await step('dead code', () => run('knip', ['--no-progress'], { capture: true }))
}
const { passed, failures, skipped } = installed
  ? await tests()
  : { passed: 0, failures: 0, skipped: 0 }

say(`took ${((Date.now() - startedAt) / 1000).toFixed(0)} s`)
if (failed.length > 0) say(`failed: ${failed.join(', ')}`)
console.log(`${passed} passed, ${failures} failed, ${skipped} skipped`)
process.exitCode = failed.length > 0 || failures > 0 ? 1 : 0

async function step(name, work) {
  const since = Date.now()
  const { code, output } = await work()
  const seconds = ((Date.now() - since) / 1000).toFixed(1)
  say(`${code === 0 ? 'ok    ' : 'FAILED'}  ${name} (${seconds} s)`)
  if (code === 0) return true
  console.log(output)
  failed.push(name)
  return false
}

async function tests() {
  const folder = mkdtempSync(join(tmpdir(), 'throughline-gate-'))
  const report = join(folder, 'report.json')
  const { code } = await run(
    'vitest',
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    { extraEnv: full ? { THROUGHLINE_FULL: '1' } : {} },
  )
  const counts = readCounts(report)
  rmSync(folder, { recursive: true })
  // A run can fail although no test did: an unhandled error, a file that does not load.
  if (code !== 0) failed.push('tests')
  return counts
}

function readCounts(report) {
  try {
    const json = JSON.parse(readFileSync(report, 'utf8'))
    return {
      passed: json.numPassedTests,
      failures: json.numFailedTests,
      skipped: json.numPendingTests + json.numTodoTests,
    }
  } catch {
    return { passed: 0, failures: 0, skipped: 0 }
  }
}

function say(line) {
  console.log(`gate  ${line}`)
}
