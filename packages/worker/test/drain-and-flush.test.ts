import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { drainAndFlush } from '../src/index.ts'

const never = new Promise<never>(() => {})

it('drains everything, and only then flushes', async () => {
  const course: string[] = []
  const slow = async (name: string): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    course.push(name)
  }
  const report = await drainAndFlush({
    drain: [{ close: () => slow('worker') }, () => slow('pool')],
    flush: { shutdown: () => slow('tracing') },
  })
  expect(course).toEqual(['worker', 'pool', 'tracing'])
  expect(report).toEqual({ drained: true, flushed: true })
})

it('flushes a provider that cannot be shut down, and nothing twice', async () => {
  let flushes = 0
  await drainAndFlush({ drain: [], flush: { forceFlush: async () => void flushes++ } })
  expect(flushes).toBe(1)
})

it.each([
  ['a worker that never ends', { drain: [() => never], flush: () => {} }, false, true],
  ['an exporter that hangs', { drain: [() => {}], flush: () => never }, true, false],
  ['both', { drain: [() => never], flush: () => never }, false, false],
  [
    'a worker that cannot be closed',
    { drain: [() => Promise.reject(new Error('no'))], flush: () => {} },
    false,
    true,
  ],
  [
    'an exporter that throws',
    {
      drain: [],
      flush: () => {
        throw new Error('no')
      },
    },
    true,
    false,
  ],
])('F14: ends in time with %s, and says so', async (_, options, drained, flushed) => {
  const report = await drainAndFlush({ ...options, timeoutMs: 50 })
  expect(report).toEqual({ drained, flushed })
})

describe('F14: on a signal', () => {
  function start(mode: string): ChildProcess & { text: () => string } {
    const program = new URL('fixtures/drain.ts', import.meta.url).pathname
    const execArgv = ['--conditions=@throughline/source', program, mode]
    const child = spawn(process.execPath, execArgv, { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    return Object.assign(child, { text: () => text })
  }
  const said = async (child: ChildProcess, text: () => string, what: string): Promise<void> => {
    while (!text().includes(what)) await once(child.stdout!, 'data')
  }

  it('finishes the running job, exports its span, and ends with 0', async () => {
    const child = start('job')
    await said(child, child.text, 'job started')
    child.kill('SIGTERM')
    const [code, signal] = await once(child, 'close')
    expect(child.text().split('\n').filter(Boolean)).toEqual([
      'job started',
      'draining',
      'exported process mail',
    ])
    expect([code, signal]).toEqual([0, null])
  })

  it('ends at once when the signal comes again while the exporter hangs', async () => {
    const child = start('hanging exporter')
    await said(child, child.text, 'job started')
    child.kill('SIGTERM')
    await said(child, child.text, 'exporting')
    child.kill('SIGTERM')
    expect(await once(child, 'close')).toEqual([143, null])
  })

  it('ends when its time is over, with the code of the signal', async () => {
    const child = start('hanging job')
    await said(child, child.text, 'job started')
    child.kill('SIGINT')
    expect(await once(child, 'close')).toEqual([130, null])
  })
})
