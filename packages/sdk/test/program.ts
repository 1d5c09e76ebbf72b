import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** How a program ended, and what tracing said on stderr meanwhile. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly messages: { level: string; message: string; details: string[] }[]
}

export interface Program {
  readonly child: ChildProcess
  /** The program printed its first line. */
  readonly listening: Promise<void>
  readonly ended: Promise<Ended>
}

/** Runs the fixture that behaves so, with tracing registered by the flag. */
export function runProgram(behaviour: string, env: Record<string, string>): Program {
  const register = new URL('../src/register.ts', import.meta.url).href
  return run(['--import', register, fixture('app.ts'), behaviour], env)
}

/** Runs the fixture that starts tracing itself and gives its exporter 200 ms at the end. */
export function runImpatient(env: Record<string, string>): Program {
  return run([fixture('impatient.ts')], env)
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))
}

function run(command: readonly string[], env: Record<string, string>): Program {
  const args = ['--conditions=@throughline/source', ...command]
  const child = spawn(process.execPath, args, {
    env: { ...process.env, OTEL_SERVICE_NAME: 'fixture', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const messages: Ended['messages'] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    messages.push(
      line.startsWith('{') ? JSON.parse(line) : { level: '', message: line, details: [] },
    )
  })
  const listening = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).once('line', () => resolve())
  })
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, messages }))
  })
  return { child, listening, ended }
}
