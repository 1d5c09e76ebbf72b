import { ROOT_CONTEXT } from '@opentelemetry/api'
import { Controller, Get, Injectable, UseGuards, type CanActivate } from '@nestjs/common'
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

@Controller('prices')
class PricesController {
  @Get()
  @UseGuards(OpenGuard)
  all(): string {
    return 'prices'
  }
}

it('what is below a request that is sampled out costs no sampling of its own', async () => {
  const asked: string[] = []
  const sampler = {
    shouldSample(_context: unknown, _traceId: string, name: string) {
      asked.push(name)
      return { decision: 0 }
    },
  }
  const tracing = createTestTracing({ sampler })
  const app = await startApp(
    { imports: [TracingModule.forRoot()], controllers: [PricesController] },
    { instrument: tracingInstrument() },
  )
  try {
    expect(await (await fetch(`${app.url}/prices`)).text()).toBe('prices')
    expect(asked).toEqual(['GET /prices'])
  } finally {
    await app.close()
    await tracing.shutdown()
  }
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
