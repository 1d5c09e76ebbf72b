import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { startReceiver } from '../src/index.ts'

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
const children = new Set<ChildProcessWithoutNullStreams>()

afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
})

interface Run {
  readonly child: ChildProcessWithoutNullStreams
  readonly stdout: Promise<string>
  readonly exitCode: Promise<number | null>
}

function throughline(...args: string[]): Run {
  const child = spawn(process.execPath, ['--conditions=@throughline/source', CLI, ...args])
  children.add(child)
  return {
    child,
    stdout: text(child.stdout),
    exitCode: once(child, 'close').then(([code]) => code),
  }
}

/** The first line on stderr names the URL. */
async function urlOf({ child }: Run): Promise<string> {
  const [line] = await once(createInterface({ input: child.stderr }), 'line')
  return /http:\S+/.exec(String(line))?.[0] ?? ''
}

async function send(url: string, traceId: string, name: string): Promise<void> {
  const spans = [
    { traceId, spanId: 'b'.repeat(16), name, startTimeUnixNano: '1', endTimeUnixNano: '2000001' },
  ]
  const response = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }),
  })
  expect(response.status).toBe(200)
}

describe('throughline view', () => {
  test('prints the first trace when it is quiet and stops with --once', async () => {
    const run = throughline('view', '--port', '0', '--once')
    await send(await urlOf(run), 'a'.repeat(32), 'POST /orders')
    expect(await run.exitCode).toBe(0)
    expect((await run.stdout).split('\n')).toEqual([
      'trace aaaaaaaa… · 1 service · 1 span · 2 ms',
      expect.stringMatching(/^unknown_service {2}POST \/orders {2}INTERNAL {2}█+ {2}2 ms$/),
      '',
      '',
    ])
  })

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'prints what it has and stops on %s',
    async (signal) => {
      const run = throughline('view', '--port', '0')
      const url = await urlOf(run)
      await send(url, 'a'.repeat(32), 'first')
      await send(url, 'c'.repeat(32), 'second')
      run.child.kill(signal)
      expect(await run.exitCode).toBe(0)
      expect(await run.stdout).toMatch(/trace aaaaaaaa…[^]*first[^]*trace cccccccc…[^]*second/)
    },
  )

  test('names a port that is taken and the way out', async () => {
    const receiver = await startReceiver({ port: 0 })
    const run = throughline('view', '--port', String(receiver.port))
    const stderr = await text(run.child.stderr)
    await receiver.close()
    expect(await run.exitCode).toBe(1)
    expect(stderr).toContain(`throughline: Port ${receiver.port} on 127.0.0.1 is taken`)
    expect(stderr).not.toContain('Usage')
  })
})

test('throughline --help prints the usage', async () => {
  const run = throughline('--help')
  expect(await run.exitCode).toBe(0)
  expect(await run.stdout).toMatch(/^Usage: throughline view \[options\]/)
})

test.each([
  [[], 'a command is missing'],
  [['watch'], 'unknown command "watch"'],
  [['view', 'extra'], 'unexpected argument "extra"'],
  [['view', '--port', 'many'], '--port must be a number from 0 to 65535, got "many"'],
  [['view', '--port', '65536'], '--port must be a number from 0 to 65535, got "65536"'],
  [['view', '--color'], "Unknown option '--color'"],
])('throughline %j says what is wrong and prints the usage', async (args, message) => {
  const run = throughline(...args)
  const stderr = await text(run.child.stderr)
  expect(await run.exitCode).toBe(2)
  expect(stderr).toContain(`throughline: ${message}`)
  expect(stderr).toContain('Usage: throughline view')
})
