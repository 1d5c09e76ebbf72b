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

const running = new Set()
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const child of running) child.kill(signal)
    if (running.size === 0) process.exit(130)
  })
}

/** Runs a command in the project's folder; resolves with its exit code and, where `capture` is set, with its output. */
export function run(command, args, { capture = false, extraEnv = {}, stdout = 'inherit' } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...env, ...extraEnv },
      stdio: ['ignore', capture ? 'pipe' : stdout, capture ? 'pipe' : 'inherit'],
    })
    running.add(child)
    let output = ''
    child.stdout?.on('data', (chunk) => (output += chunk))
    child.stderr?.on('data', (chunk) => (output += chunk))
    child.once('error', reject)
    child.once('close', (code, signal) => {
      running.delete(child)
      resolve({ code: code ?? 1, signal, output })
    })
  })
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
