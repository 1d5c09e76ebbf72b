import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Runs a command to its end and answers what it printed; a failure holds all of that. */
export async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  try {
    const limits = { maxBuffer: 64 * 1024 * 1024, timeout: 300_000 }
    return (await execute(command, args, { cwd, env, ...limits })).stdout
  } catch (error) {
    const { stdout, stderr, code } = error as { stdout: string; stderr: string; code: unknown }
    const said = `${stdout}\n${stderr}`.trim().slice(-20_000)
    // The error itself holds the output three times over.
    // oxlint-disable-next-line preserve-caught-error
    throw new Error(`${command} ${args[0]} ended with ${String(code)}:\n${said}`)
  }
}

const QUIET = ['--no-audit', '--no-fund', '--loglevel=error']

/** `npm install` from npm's cache, as far as that goes; where what it knows is out of date, from the registry. */
export async function npmInstall(folder: string, ...args: readonly string[]): Promise<void> {
  const install = ['install', ...QUIET, ...args]
  try {
    await run('npm', [...install, '--prefer-offline'], folder)
  } catch {
    await run('npm', install, folder)
  }
}
