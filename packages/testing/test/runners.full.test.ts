import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { npmInstall, run } from './legs/command.ts'
import { packAll, type Packed } from './legs/packed.ts'

const folder = await mkdtemp(join(tmpdir(), 'throughline-runners-'))
let packed: Packed[]

beforeAll(async () => {
  packed = await packAll(folder)
}, 300_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

const VITEST = `
import { afterAll, expect, test } from 'vitest'
import '@throughline/testing/vitest'
import { createTestTracing } from '@throughline/testing'
import { ROOT_CONTEXT, propagation, trace } from '@opentelemetry/api'
`
const JEST = `
require('@throughline/testing/jest')
const { createTestTracing } = require('@throughline/testing')
const { ROOT_CONTEXT, propagation, trace } = require('@opentelemetry/api')
`
const TESTS = `
const tracing = createTestTracing()
afterAll(() => tracing.shutdown())
const tracer = trace.getTracer('t')
const headers = {}
const attributes = { 'messaging.system': 'm', 'messaging.operation.name': 'send' }
const request = tracer.startSpan('request')
const inside = trace.setSpan(ROOT_CONTEXT, request)
const send = tracer.startSpan('send', { kind: 3, attributes }, inside)
propagation.inject(trace.setSpan(inside, send), headers)
tracer.startSpan('process', { links: [{ context: send.spanContext() }], root: true }).end()
send.end()
request.end()
const span = (name) => tracing.span(name)
const tree = \`
  request [INTERNAL]
    send [PRODUCER]
  process [INTERNAL] -> send
\`
test('holds', () => {
  expect(tracing).toHaveSpan({ name: expect.stringContaining('ques') })
  expect(span('send')).toBeChildOf(span('request'))
  expect(span('process')).toBeLinkedTo(span('send'))
  expect(tracing).toMatchTraceTree(tree)
  expect(tracing).toConformToSemconv()
  expect(span('send')).toHavePropagated(headers)
})
test('holds the other way', () => {
  expect(tracing).not.toHaveSpan({ name: 'x' })
  expect(span('request')).not.toBeChildOf(span('send'))
  expect(span('send')).not.toBeLinkedTo(span('request'))
  expect(tracing).not.toMatchTraceTree('x')
  expect(span('request')).not.toConformToSemconv()
  expect(span('request')).not.toHavePropagated(headers)
})
test('fails toHaveSpan', () => expect(tracing).toHaveSpan({ name: 'send', kind: 'CLIENT' }))
test('fails toBeChildOf', () => expect(span('request')).toBeChildOf(span('send')))
test('fails toBeLinkedTo', () => expect(span('send')).toBeLinkedTo(span('request')))
test('fails toMatchTraceTree', () => expect(tracing).toMatchTraceTree('x [SERVER]'))
test('fails toConformToSemconv', () => expect(span('request')).toConformToSemconv())
test('fails toHavePropagated', () => expect(span('request')).toHavePropagated(headers))
`

const RUNNERS = [
  ['vitest', '3.2', 'all.test.mjs', VITEST + TESTS, ['run', '--reporter=verbose', '--no-color']],
  ['vitest', '4', 'all.test.mjs', VITEST + TESTS, ['run', '--reporter=verbose', '--no-color']],
  ['vitest', '5', 'all.test.mjs', VITEST + TESTS, ['run', '--reporter=verbose', '--no-color']],
  ['jest', '29', 'all.test.js', JEST + TESTS, ['--verbose', '--no-color']],
  ['jest', '30', 'all.test.js', JEST + TESTS, ['--verbose', '--no-color']],
] as const

test.each(RUNNERS)(
  'the matchers work in %s %s: pass, fail, and print the tree',
  async (runner, version, file, text, args) => {
    const place = join(folder, `${runner}-${version}`)
    await mkdir(place)
    const { file: tarball } = packed.find(({ name }) => name === '@throughline/testing')!
    const dependencies = {
      '@throughline/testing': `file:${tarball}`,
      '@opentelemetry/api': '1.10.0',
      '@opentelemetry/context-async-hooks': '3.1.0',
      '@opentelemetry/sdk-trace': '3.1.0',
      [runner]: `^${version}`,
    }
    const manifest = { private: true, dependencies }
    await writeFile(join(place, 'package.json'), JSON.stringify(manifest))
    await writeFile(join(place, file), text)
    await npmInstall(place)

    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], NO_COLOR: '1' }
    const report = await run(join('node_modules/.bin', runner), args, place, env).then(
      (passed) => `nothing failed: ${passed}`,
      (error: Error) => error.message,
    )
    expect(report).toMatch(/2 passed/)
    expect(report).toMatch(/6 failed/)
    for (const says of [
      'expected a span that matches {"name":"send","kind":"CLIENT"}',
      '>   send [PRODUCER]  <- kind is "PRODUCER", expected "CLIENT"',
      '> request [INTERNAL]  <- has no parent',
      '> request [INTERNAL]  <- expected as the target of a link',
      '- x [SERVER]',
      'expected a span of HTTP or of messaging',
      '> request [INTERNAL]  <- expected in the carrier',
    ]) {
      expect(report).toContain(says)
    }
  },
  300_000,
)
