import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = new URL('..', import.meta.url).pathname
const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** The environment in which the project's own Node and tools come first. */
export const env = {
  ...process.env,
  PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
  TURBO_TELEMETRY_DISABLED: '1',
}
for (const name of Object.keys(env)) {
  // What an outer `npm run` sets would speak to the tools below it, in words that they do not know.
  if (/^npm_(config|package|lifecycle)_/i.test(name)) delete env[name]
}

// An interrupted step is not followed by the next one, whatever its command made of the signal.
let interrupted = false
const running = new Set()
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, interrupt)

// npm ends at once when it is asked to, and tells nobody.
const parent = process.ppid
setInterval(() => process.ppid === parent || interrupt('SIGTERM'), 500).unref()

function interrupt(signal) {
  interrupted = true
  for (const stop of running) stop(signal)
  if (running.size === 0) process.exit(130)
}

/**
 * Runs a command in the project's folder and resolves with its exit code. Where `capture` is set, its output is kept and
 * an interruption ends it with all that it started; else it is told, and ends in its own way.
 */
export async function run(command, args, { capture = false, extraEnv = {} } = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...env, ...extraEnv },
    detached: capture,
    stdio: ['ignore', capture ? 'pipe' : 'inherit', capture ? 'pipe' : 'inherit'],
  })
  const stop = (signal) => (capture ? killGroup(child) : child.kill(signal))
  running.add(stop)
  let output = ''
  child.stdout?.on('data', (chunk) => (output += chunk))
  child.stderr?.on('data', (chunk) => (output += chunk))
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  running.delete(stop)
  if (interrupted) process.exit(130)
  return { code: code ?? 1, output }
}

function killGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}

/** Installs what the lock file says. Needs nothing on the machine but Node and npm. */
export function install() {
  return run('npx', ['--yes', packageManager, 'install', '--frozen-lockfile'], { capture: true })
}

/** Runs a task of every package; what did not change is taken from turbo's cache. Packing needs pnpm on the PATH. */
export function turbo(task) {
  const command = `turbo run ${task} --continue --output-logs=errors-only --no-update-notifier`
  return run('npx', ['--yes', '-p', packageManager, '-c', command], { capture: true })
}
