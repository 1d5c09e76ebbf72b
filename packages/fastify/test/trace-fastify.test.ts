import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { withSpan } from '@throughline/core'
import { fastifyTracing, traceFastify } from '@throughline/fastify'
import { createTestTracing } from '@throughline/testing'
import Fastify5 from 'fastify'
import Fastify4 from 'fastify-4'
import Fastify6 from 'fastify-6'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { Factory } from './rows/fixture.ts'

const tracing = createTestTracing()
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

describe.each([
  [4, Fastify4 as unknown as Factory],
  [5, Fastify5 as unknown as Factory],
  [6, Fastify6 as unknown as Factory],
])('an application of Fastify %i that says nothing of tracing', (_, Fastify) => {
  test('is traced from its first hook on', async () => {
    const stop = traceFastify({ hookSpans: true, handlerSpans: true })
    const app = Fastify()
    stop()
    app.addHook('onRequest', async function first() {})
    app.get('/', function show() {
      return withSpan('work', () => 'ok')
    })
    await app.inject('/')
    await tracing.waitForSpans(4)
    await app.close()
    expect(tracing.tree()).toBe(
      [
        'GET / [SERVER]',
        '  onRequest first [INTERNAL]',
        '  handler show [INTERNAL]',
        '    work [INTERNAL]',
      ].join('\n'),
    )
  })

  test('is traced once where it registers the plugin after all', async () => {
    const stop = traceFastify()
    const app = Fastify()
    stop()
    app.register(fastifyTracing)
    app.get('/', () => 'ok')
    await app.inject('/')
    await tracing.waitForSpans(1)
    await app.close()
    expect(tracing.tree()).toBe('GET / [SERVER]')
  })

  test('is not traced after the stop', async () => {
    traceFastify()()
    const app = Fastify()
    app.get('/', () => 'ok')
    await app.inject('/')
    await app.close()
    expect(tracing.spans()).toEqual([])
  })
})

test('a bad option is refused at once', () => {
  expect(() => traceFastify({ ignore: 7 as never })).toThrow('option "ignore"')
})

test('`--import @throughline/fastify/register` traces an application that knows nothing of it', async () => {
  const app = fileURLToPath(new URL('fixtures/plain-app.mjs', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=@throughline/source',
    '--import',
    new URL('../src/register.ts', import.meta.url).href,
    app,
  ])
  expect(JSON.parse(stdout)).toEqual({ tracing: true })
}, 30_000)
