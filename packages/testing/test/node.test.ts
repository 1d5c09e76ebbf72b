import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, expect, test } from 'vitest'

let report = ''

beforeAll(async () => {
  const file = join(import.meta.dirname, 'fixtures/node-runner.ts')
  const flags = ['--conditions=@throughline/source', '--test-reporter=tap']
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env
  const runner = spawn(process.execPath, ['--test', ...flags, file], { env })
  const [printed] = await Promise.all([text(runner.stdout), once(runner, 'close')])
  report = printed
})

test("the matchers hold, both ways, in Node's own runner", () => {
  expect(report).toMatch(/^ *ok \d+ - holds$/m)
  expect(report).toMatch(/^ *ok \d+ - holds the other way$/m)
})

test.each([
  ['toHaveSpan', 'expected a span that matches {"name":"GET /"}'],
  ['toBeChildOf', 'expected "send orders" to be a child of "process orders"'],
  ['toBeLinkedTo', 'expected "send orders" to be linked to "POST /orders"'],
  ['toMatchTraceTree', '- GET / [SERVER]'],
  ['toConformToSemconv', 'expected a span of HTTP or of messaging'],
  ['toHavePropagated', '<- expected in the carrier'],
  ['not', 'expected no span that matches'],
])("%s fails in Node's own runner, and says why", (name, says) => {
  const [, failure] = report.split(new RegExp(`^ *not ok \\d+ - fails: ${name}$`, 'm'))
  expect(failure).toBeDefined()
  expect(failure!.split(/^ *\.\.\.$/m)[0]).toContain(says)
  expect(failure).toContain("code: 'ERR_ASSERTION'")
})

test("the contract's suites run in Node's own runner", () => {
  expect(report).toContain('ok 1 - continues the trace of its sender, or links to it')
  expect(report).toContain('ok 3 - sends the context of its own span, written once')
  expect(report.match(/^ *not ok/gm)).toHaveLength(7) // those above
})
