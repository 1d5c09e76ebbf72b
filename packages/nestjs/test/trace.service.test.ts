import { Inject, Injectable } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { Tracer } from '@opentelemetry/api'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { TRACER, TraceService, TracingModule, type TracingModuleOptions } from '../src/index.ts'

@Injectable()
class Prices {
  constructor(
    @Inject(TraceService) readonly traces: TraceService,
    @Inject(TRACER) readonly tracer: Tracer,
  ) {}
}

let tracing: TestTracing

beforeAll(() => {
  tracing = createTestTracing({ global: false })
})
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

async function prices(options: TracingModuleOptions = {}): Promise<Prices> {
  const { tracerProvider } = tracing
  const imports = [TracingModule.forRoot({ tracerProvider, ...options })]
  const metadata = { module: class Shop {}, imports, providers: [Prices] }
  const app = await NestFactory.createApplicationContext(metadata as never, { logger: false })
  return app.get(Prices)
}

it("makes spans with the module's own provider, nested and ended", async () => {
  const { traces, tracer } = await prices()
  expect(traces.tracer).toBe(tracer)
  const result = await traces.withSpan('quote', async (span) => {
    expect(traces.span).toBe(span)
    expect(traces.currentTrace?.spanId).toBe(span.spanContext().spanId)
    traces.startSpan('look up').end()
    return 3
  })
  expect(result).toBe(3)
  expect(traces.span).toBeUndefined()
  expect(tracing.tree()).toBe('quote [INTERNAL]\n  look up [INTERNAL]')
  expect(tracing.span('quote').scope.name).toBe('@throughline/nestjs')
})

it('makes an error of what is thrown, and of what was handled', async () => {
  const { traces } = await prices()
  expect(() =>
    traces.withSpan('quote', () => {
      throw new TypeError('no price')
    }),
  ).toThrow('no price')
  traces.withSpan('retry', () => traces.recordError(new RangeError('later')))
  expect(tracing.spans()).toMatchObject([
    { status: 'ERROR', attributes: { 'error.type': 'TypeError' } },
    { status: 'ERROR', attributes: { 'error.type': 'RangeError' } },
  ])
})

it('makes no spans where the module is disabled', async () => {
  const { traces } = await prices({ enabled: false })
  expect(traces.withSpan('quote', () => 3)).toBe(3)
  expect(tracing.spans()).toEqual([])
})
