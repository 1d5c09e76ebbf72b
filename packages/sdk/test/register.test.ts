import { createServer, type AddressInfo } from 'node:net'
import { startReceiver, type Receiver } from '@throughline/devtools'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runImpatient, runProgram } from './program.ts'

let receiver: Receiver
beforeAll(async () => {
  receiver = await startReceiver({ port: 0 })
})
afterAll(() => receiver.close())

function exporting(endpoint: string, env: Record<string, string> = {}): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_LOG_LEVEL: 'info', ...env }
}

function spansOf(service: string): string[] {
  return [...receiver.store.spans()].filter((s) => s.service === service).map((s) => s.name)
}

test('a program that ends by itself has its spans exported, and its books are said', async () => {
  const env = exporting(receiver.url, { OTEL_SERVICE_NAME: 'ends' })
  const { code, messages } = await runProgram('ends', env).ended
  expect(code).toBe(0)
  expect(spansOf('ends')).toEqual(['work'])
  expect(messages.at(-1)).toMatchObject({
    level: 'info',
    details: ['{"started":1,"ended":1,"unended":0,"lost":0}'],
  })
})

test('with OTEL_TRACES_EXPORTER=none spans are recorded and counted, and exported nowhere', async () => {
  const service = { OTEL_SERVICE_NAME: 'kept', OTEL_TRACES_EXPORTER: 'none' }
  const { messages } = await runProgram('ends', exporting(receiver.url, service)).ended
  expect(messages.map((line) => line.details)).toEqual([
    ['{"started":1,"ended":1,"unended":0,"lost":0}'],
  ])
  expect(spansOf('kept')).toEqual([])
})

test('an exporter that is not known is said once and left out', async () => {
  const service = { OTEL_SERVICE_NAME: 'misnamed', OTEL_TRACES_EXPORTER: 'zipkin,otlp' }
  const { messages } = await runProgram('ends', exporting(receiver.url, service)).ended
  const warnings = messages.filter((line) => line.level === 'warn')
  expect(warnings.map((line) => line.message)).toEqual([
    'OTEL_TRACES_EXPORTER: "zipkin" is not known here and is left out; known are otlp, console, none',
  ])
  expect(spansOf('misnamed')).toEqual(['work'])
})

test('SIGTERM exports what has ended and still ends the program as SIGTERM does', async () => {
  const program = runProgram('serves', exporting(receiver.url, { OTEL_SERVICE_NAME: 'serves' }))
  await program.listening
  program.child.kill('SIGTERM')
  expect((await program.ended).signal).toBe('SIGTERM')
  expect(spansOf('serves')).toEqual(['work'])
})

test('a program that closes itself at SIGTERM keeps its own end, and its last spans', async () => {
  const env = exporting(receiver.url, { OTEL_SERVICE_NAME: 'closes' })
  const program = runProgram('serves and closes itself', env)
  await program.listening
  program.child.kill('SIGTERM')
  expect(await program.ended).toMatchObject({ code: 0, signal: null })
  expect(spansOf('closes')).toEqual(['work', 'last work'])
})

test('a span that was never ended is said by name', async () => {
  const { messages } = await runProgram('leaves a span open', exporting(receiver.url)).ended
  expect(messages.at(-1)).toMatchObject({
    level: 'warn',
    details: ['{"started":2,"ended":1,"unended":1,"lost":0}', '{"neverEnded":["forgotten"]}'],
  })
})

test('a collector that refuses costs one clear message and neither time nor the exit code', async () => {
  const free = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => free.once('listening', resolve))
  const { port } = free.address() as AddressInfo
  await new Promise((resolve) => free.close(resolve))
  const { code, messages } = await runImpatient(exporting(`http://127.0.0.1:${port}`)).ended
  expect(code).toBe(7)
  expect(messages.filter((line) => line.level === 'warn').map((line) => line.message)).toEqual([
    'shutdown took longer than 200 ms and was given up',
  ])
})

test('a collector that never answers does not keep the program alive', async () => {
  const hole = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => hole.once('listening', resolve))
  const { port } = hole.address() as AddressInfo
  const { code, messages } = await runImpatient(exporting(`http://127.0.0.1:${port}`)).ended
  expect(code).toBe(7)
  expect(messages.map((line) => line.message)).toContain(
    'shutdown took longer than 200 ms and was given up',
  )
  hole.close()
})
