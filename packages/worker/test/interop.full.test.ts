import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { createTestTracing, type TestSpan, type TestTracing } from '@throughline/testing'
import { npmProject } from '@throughline/test-services'
import type { Job, Telemetry } from 'bullmq'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { bullmqTelemetry, traceProcessor } from '../src/bullmq/index.ts'
import { Bench } from './fixtures/redis.ts'

// The real packages, on both ends of a queue. What their carriers look like is in foreign-carrier.test.ts.
const SENTRY = { '@sentry/node': '11.12.0' }
const DATADOG = { 'dd-trace': '6.21.0' }

let tracing: TestTracing
const bench = new Bench()
const telemetry = bullmqTelemetry()
beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(async () => {
  await bench.close()
  tracing.reset()
})
afterAll(() => tracing.shutdown())

const processed = (): Promise<TestSpan> =>
  tracing.waitFor((spans) => spans.find((span) => span.kind === 'CONSUMER'), 20_000)
const ours = traceProcessor(async () => {})

describe('F18: Sentry', () => {
  interface Sentry {
    init(options: object): unknown
    startSpan<T>(options: { name: string }, fn: () => T): T
    readonly BullMQTelemetry: new () => Telemetry
  }
  let sentry: Sentry
  beforeAll(async () => {
    const [name] = Object.keys(SENTRY)
    sentry = createRequire(join(await npmProject(SENTRY), 'package.json'))(name!) as Sentry
    sentry.init({ tracesSampleRate: 1, skipOpenTelemetrySetup: true, defaultIntegrations: false })
  }, 300_000)

  it('sends, and this one links to it', async () => {
    const queue = bench.queue({ telemetry: new sentry.BullMQTelemetry() })
    bench.worker(queue, ours, { telemetry })
    const job = await sentry.startSpan({ name: 'request' }, () => queue.add('ship', {}))
    const metadata = job.opts.telemetry!.metadata!
    const [traceId, spanId] = metadata.split('-')
    expect(traceId).toHaveLength(32)
    expect((await processed()).links).toMatchObject([{ traceId, spanId }])
  })

  it('processes what this one sent, in a trace of its own', async () => {
    const queue = bench.queue({ telemetry })
    const worker = bench.worker(queue, async () => 'done', {
      telemetry: new sentry.BullMQTelemetry(),
    })
    const completed = once(worker, 'completed') as Promise<[Job]>
    const sent = await queue.add('ship', {})
    expect(sent.opts.telemetry?.metadata).toContain('traceparent')
    const [{ returnvalue }] = await completed
    expect(returnvalue).toBe('done')
  })
})

describe('F18: Datadog', () => {
  let preload: string
  beforeAll(async () => {
    const folder = await npmProject(DATADOG)
    preload = pathToFileURL(join(folder, 'node_modules/dd-trace/initialize.mjs')).href
  }, 300_000)

  async function run(mode: 'send' | 'process', queue: string): Promise<{ metadata?: string }> {
    const program = fileURLToPath(new URL('fixtures/datadog.ts', import.meta.url))
    const args = ['--conditions=@throughline/source', '--import', preload, program, mode, queue]
    const env = {
      ...process.env,
      DD_TRACE_STARTUP_LOGS: 'false',
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
    }
    const { stdout } = await promisify(execFile)(process.execPath, args, { env })
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as { metadata?: string }
  }

  it('sends, and this one links to it', async () => {
    const queue = bench.queue()
    bench.worker(queue, ours, { telemetry })
    const { metadata } = await run('send', queue.name)
    const carrier = (JSON.parse(metadata!) as { _datadog: Record<string, string> })._datadog
    const parent = BigInt(carrier['x-datadog-parent-id']!).toString(16).padStart(16, '0')
    expect((await processed()).links).toMatchObject([{ spanId: parent }])
  })

  it('processes what this one sent', async () => {
    const queue = bench.queue({ telemetry })
    const { opts } = await queue.add('ship', {})
    const { metadata } = await run('process', queue.name)
    expect(metadata).toBe(opts.telemetry!.metadata)
  })
})
