import { Controller, Get, Injectable, UseGuards, type CanActivate } from '@nestjs/common'
import { createObserveModule } from '@nestjs/observe'
import { createTestTracing } from '@throughline/testing'
import { expect, it } from 'vitest'
import { TracingModule, tracingInstrument } from '../src/index.ts'
import { ADAPTERS, startApp } from './shop-app.ts'

@Injectable()
class OpenGuard implements CanActivate {
  canActivate(): boolean {
    return true
  }
}

@Controller('prices')
@UseGuards(OpenGuard)
class PricesController {
  @Get(':id')
  one(): string {
    return 'price'
  }
}

it.each(['Fastify', 'Express'])('beside @nestjs/observe on %s nothing is lost', async (name) => {
  const tracing = createTestTracing()
  const { ObserveModule, ObserveInstrument } = createObserveModule()
  const ours = tracingInstrument()
  const theirs = ObserveInstrument as { instanceDecorator(instance: unknown): unknown }
  const instanceDecorator = (instance: unknown) =>
    theirs.instanceDecorator(ours.instanceDecorator(instance))
  const keys = {
    appKey: 'none',
    appSecret: 'none',
    serviceId: 'none',
    endpoint: 'http://127.0.0.1:9', // nobody
  }
  const running = await startApp(
    {
      imports: [TracingModule.forRoot(), ObserveModule.forRoot(keys)],
      controllers: [PricesController],
    },
    { instrument: { instanceDecorator } },
    undefined,
    ADAPTERS[name]!(),
  )
  try {
    expect(await (await fetch(`${running.url}/prices/1`)).text()).toBe('price')
    await tracing.waitForSpans(3)
    expect(tracing.tree()).toBe(
      [
        'GET /prices/:id [SERVER]',
        '  OpenGuard.canActivate [INTERNAL]',
        '  PricesController.one [INTERNAL]',
      ].join('\n'),
    )
  } finally {
    await running.close()
    await tracing.shutdown()
  }
})
