import { ROOT_CONTEXT } from '@opentelemetry/api'
import { Controller, Get, Injectable, UseGuards, type CanActivate } from '@nestjs/common'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { createTestTracing } from '@throughline/testing'
import { expect, it } from 'vitest'
import { TracingModule, tracingInstrument } from '../src/index.ts'
import { withRpcCall } from '../src/rpc/rpc-call.ts'
import { runUnrecorded } from '../src/sampled-out.ts'
import { startApp } from './shop-app.ts'

@Injectable()
class OpenGuard implements CanActivate {
  canActivate(): boolean {
    return true
  }
}

@Injectable()
class BrokenGuard implements CanActivate {
  canActivate(): Promise<boolean> {
    return Promise.reject(new RangeError('the guard broke'))
  }
}

@Controller('prices')
class PricesController {
  @Get('broken')
  @UseGuards(BrokenGuard)
  broken(): string {
    return 'never'
  }

  @Get()
  @UseGuards(OpenGuard)
  all(): string {
    return 'prices'
  }
}

class PullReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve()
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve()
  }
}

it('a request that is sampled out asks for no span below, and is counted with what failed', async () => {
  const asked: string[] = []
  const sampler = {
    shouldSample(_context: unknown, _traceId: string, name: string) {
      asked.push(name)
      return { decision: 0 }
    },
  }
  const reader = new PullReader()
  const metrics = new MeterProvider({ readers: [reader] })
  const tracing = createTestTracing({ sampler })
  const app = await startApp(
    { imports: [TracingModule.forRoot({ metrics })], controllers: [PricesController] },
    { instrument: tracingInstrument() },
  )
  try {
    expect(await (await fetch(`${app.url}/prices`)).text()).toBe('prices')
    expect((await fetch(`${app.url}/prices/broken`)).status).toBe(500)
    expect(asked).toEqual(['GET /prices', 'GET /prices/broken'])
  } finally {
    await app.close()
    await tracing.shutdown()
  }
  const { resourceMetrics } = await reader.collect()
  const [metric] = resourceMetrics.scopeMetrics[0]!.metrics
  expect(metric?.descriptor.name).toBe('http.server.request.duration')
  expect(metric!.dataPoints.map(({ attributes }) => attributes['error.type'])).toEqual([
    undefined,
    'RangeError',
  ])
})

it.each([
  [
    'throws',
    () => {
      throw new RangeError('broken')
    },
  ],
  ['rejects with', () => Promise.reject(new RangeError('broken'))],
])('what a step %s without a span is known all the same', async (_verb, step) => {
  const call = { failed: false, error: undefined }
  const active = withRpcCall(ROOT_CONTEXT, call)
  await expect(async () => runUnrecorded(active, step)).rejects.toThrow('broken')
  expect(call).toMatchObject({ failed: true, error: new RangeError('broken') })
})
