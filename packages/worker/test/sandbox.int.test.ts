import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { SPAN_RECORD_CHANNEL, type SpanRecord } from '@throughline/core/integration'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { Queue as Queue5, Worker as Worker5 } from 'bullmq-5'
import type { Job, Worker } from 'bullmq'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bullmqTelemetry, traceSandbox } from '../src/bullmq/index.ts'
import { Bench, connection } from './fixtures/redis.ts'
import { threadFile } from './fixtures/thread-file.ts'

const FILE = await threadFile('sandboxed.ts')

let tracing: TestTracing
let records: SpanRecord[] = []
const collect = (record: unknown): void => void records.push(record as SpanRecord)
const bench = new Bench()
beforeAll(() => {
  tracing = createTestTracing()
})
beforeEach(() => {
  records = []
  subscribe(SPAN_RECORD_CHANNEL, collect)
})
afterEach(async () => {
  unsubscribe(SPAN_RECORD_CHANNEL, collect)
  await bench.close()
  tracing.reset()
})
afterAll(() => tracing.shutdown())

describe.each([
  ['a process', false],
  ['a thread', true],
])('in %s', (_, useWorkerThreads) => {
  const options = { useWorkerThreads }

  it('F10: spans of the processor are below its attempt, and exported by the worker', async () => {
    const telemetry = bullmqTelemetry({ relation: 'parent' })
    const queue = bench.queue({ telemetry })
    const worker = traceSandbox(bench.worker(queue, FILE, { telemetry, ...options }))
    const completed = once(worker, 'completed') as Promise<[Job]>
    const { opts } = await queue.add('ship', {})
    const [{ returnvalue }] = await completed
    const process = await tracing.waitFor(() => tracing.span(`process ${queue.name}`))
    expect(returnvalue).toMatchObject({
      spanId: process.spanId,
      metadata: opts.telemetry!.metadata,
    })
    expect(returnvalue.pid === globalThis.process.pid).toBe(useWorkerThreads)
    expect(records).toMatchObject([
      { name: 'inside', parent: { spanId: process.spanId }, span: { traceId: process.traceId } },
    ])
    expect(process.attributes).toMatchObject({ 'job.attempt': 1, 'job.outcome': 'completed' })
  })

  it('F10: an attempt that fails there is an error', async () => {
    const queue = bench.queue()
    const worker = traceSandbox(bench.worker(queue, FILE, options))
    const failed = once(worker, 'failed')
    await queue.add('ship', { fail: true })
    await failed
    expect(tracing.span(`process ${queue.name}`)).toMatchObject({
      status: 'ERROR',
      statusMessage: 'no paper',
    })
  })

  it('F10: an attempt whose sandbox ends in the middle is an error', async () => {
    const queue = bench.queue()
    const worker = traceSandbox(bench.worker(queue, FILE, options))
    const failed = once(worker, 'failed')
    await queue.add('ship', { exit: true })
    await failed
    const span = tracing.span(`process ${queue.name}`)
    expect(span).toMatchObject({ status: 'ERROR', attributes: { 'job.outcome': 'failed' } })
    expect(span.statusMessage).toMatch(/exit code: 7/)
  })
})

it('works with BullMQ 5 as well', async () => {
  const queue = new Queue5(`q5-${process.pid}-${Date.now()}`, { connection: connection() })
  const worker = new Worker5(queue.name, FILE, {
    connection: connection(),
  })
  traceSandbox(worker as unknown as Worker)
  const completed = once(worker, 'completed') as Promise<[Job]>
  await queue.add('ship', {})
  const [{ returnvalue }] = await completed
  expect(returnvalue.spanId).toBe(tracing.span(`process ${queue.name}`).spanId)
  await worker.close()
  await queue.obliterate({ force: true })
  await queue.close()
})

it('leaves a worker alone whose processor is a function', async () => {
  const worker = bench.worker(bench.queue(), async () => {})
  const { processFn } = worker as unknown as { processFn: unknown }
  expect(traceSandbox(worker)).toBe(worker)
  expect((worker as unknown as { processFn: unknown }).processFn).toBe(processFn)
})
