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

/** Runs the fixture with tracing registered, exporting to `endpoint`. */
export function runProgram(behaviour: string, env: Record<string, string>): Program {
  const app = fileURLToPath(new URL('fixtures/app.ts', import.meta.url))
  const register = new URL('../src/register.ts', import.meta.url).href
  const args = ['--conditions=@throughline/source', '--import', register, app, behaviour]
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
