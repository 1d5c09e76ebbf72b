import { randomUUID } from 'node:crypto'
import { BullModule, Processor, WorkerHost, getQueueToken } from '@nestjs/bullmq'
import type { INestApplicationContext, Provider } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { withSpan } from '@throughline/core'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { bullmqTelemetry, traceProcessor } from '@throughline/worker/bullmq'
import type { Queue } from 'bullmq'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { TracingModule, tracingInstrument } from '../src/index.ts'

const LABELS = `nest-labels-${randomUUID().slice(0, 8)}`
const PLAIN = `nest-plain-${randomUUID().slice(0, 8)}`

@Processor(LABELS)
class LabelProcessor extends WorkerHost {
  async process(job: { name: string }): Promise<string> {
    if (job.name === 'jam') throw new TypeError('paper jam')
    return 'printed'
  }
}

@Processor(PLAIN)
class PlainProcessor extends WorkerHost {
  async process(): Promise<string> {
    return 'printed'
  }
}

let tracing: TestTracing
let app: INestApplicationContext

beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(async () => {
  await app.close()
  tracing.reset()
})
afterAll(() => tracing.shutdown())

async function start(name: string, processor: Provider, telemetry: object): Promise<Queue> {
  const { hostname: host, port } = new URL(process.env['REDIS_URL']!)
  const connection = { host, port: Number(port) }
  const metadata = {
    module: class Labels {},
    imports: [
      TracingModule.forRoot(),
      BullModule.forRoot({ connection, ...telemetry }),
      BullModule.registerQueue({ name }),
    ],
    providers: [processor],
  }
  app = await withSpan('boot', () =>
    NestFactory.createApplicationContext(metadata as never, {
      logger: false,
      instrument: tracingInstrument({ traceProcessor }),
    }),
  )
  return app.get<Queue>(getQueueToken(name), { strict: false })
}

it('a job has its span, and its processor one below it', async () => {
  const queue = await start(LABELS, LabelProcessor, { telemetry: bullmqTelemetry() })
  await withSpan('ship', () => queue.add('label', {}))
  const processor = await tracing.waitFor((all) =>
    all.find((span) => span.name === 'LabelProcessor.process'),
  )
  const job = await tracing.waitFor((all) => all.find((span) => span.kind === 'CONSUMER'))
  expect(processor).toMatchObject({
    parentSpanId: job.spanId,
    attributes: { 'nestjs.type': 'job', 'code.function.name': 'LabelProcessor.process' },
  })
  const producer = tracing.spans().find((span) => span.kind === 'PRODUCER')
  expect(job.links).toMatchObject([{ spanId: producer?.spanId }])
})

it('a job that fails is an error, recorded once', async () => {
  const queue = await start(LABELS, LabelProcessor, { telemetry: bullmqTelemetry() })
  await queue.add('jam', {})
  const job = await tracing.waitFor((all) => all.find((span) => span.kind === 'CONSUMER'))
  expect(job).toMatchObject({ status: 'ERROR', attributes: { 'error.type': 'TypeError' } })
  expect(tracing.spans().flatMap((span) => span.events)).toHaveLength(1)
})

it('a job of a queue without telemetry is a trace of its own, not part of the start', async () => {
  const queue = await start(PLAIN, PlainProcessor, {})
  await queue.add('label', {})
  const job = await tracing.waitFor((all) => all.find((span) => span.kind === 'CONSUMER'))
  expect(job.parentSpanId).toBeUndefined()
  expect(job.traceId).not.toBe(tracing.span('boot').traceId)
  expect(tracing.span('PlainProcessor.process').parentSpanId).toBe(job.spanId)
})
