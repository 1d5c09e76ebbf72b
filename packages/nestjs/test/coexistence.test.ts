import { createRequire } from 'node:module'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import { Controller, Get, Inject, Injectable, UseGuards, type CanActivate } from '@nestjs/common'
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { ApiOkResponse, ApiProperty, DocumentBuilder, SwaggerModule } from '@nestjs/swagger'
import { Test } from '@nestjs/testing'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { ClsModule, ClsService } from 'nestjs-cls'
// @ts-expect-error: it has no types of its own
import { Strategy as UntypedStrategy } from 'passport'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Traced, TracingModule, tracingInstrument } from '../src/index.ts'
import { ADAPTERS, startApp, type RunningApp } from './shop-app.ts'

@Injectable()
class OpenGuard implements CanActivate {
  canActivate(): boolean {
    return true
  }
}

class Price {
  @ApiProperty()
  amount!: number
}

@Controller('prices')
@UseGuards(OpenGuard)
class PricesController {
  @Get(':id')
  @ApiOkResponse({ type: Price })
  @Traced()
  one(): Price {
    return { amount: 1 }
  }
}

let tracing: TestTracing
let running: RunningApp | undefined

beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(async () => {
  await running?.close()
  running = undefined
  tracing.reset()
})
afterAll(() => tracing.shutdown())

const prices = { imports: [TracingModule.forRoot()], controllers: [PricesController] }

async function servers(path = '/prices/1') {
  await (await fetch(`${running!.url}${path}`)).text()
  await tracing.waitFor((all) => all.some((span) => span.kind === 'SERVER'))
  expect(tracing.unended()).toEqual([])
  return tracing.spans().filter((span) => span.kind === 'SERVER')
}

describe('beside instrumentation-http', () => {
  let instrumentation: HttpInstrumentation

  beforeAll(() => {
    instrumentation = new HttpInstrumentation()
    instrumentation.setTracerProvider(tracing.tracerProvider)
    createRequire(import.meta.url)('node:http') // it patches at a `require`
  })
  afterAll(() => instrumentation.disable())

  it.each(Object.keys(ADAPTERS))('there is one SERVER span, with our route: %s', async (name) => {
    const options = { instrument: tracingInstrument() }
    running = await startApp(prices, options, undefined, ADAPTERS[name]!())
    const [server, ...others] = await servers()
    expect(others).toEqual([])
    expect(server).toMatchObject({
      name: 'GET /prices/:id',
      scope: { name: '@opentelemetry/instrumentation-http' },
      attributes: { 'http.route': '/prices/:id' },
    })
    expect(tracing.span('OpenGuard.canActivate').parentSpanId).toBe(server!.spanId)
  })
})

it('beside @fastify/otel there is one SERVER span', async () => {
  const otel = new FastifyOtelInstrumentation()
  otel.setTracerProvider(tracing.tracerProvider)
  running = await startApp(prices, {}, (app) =>
    (app as NestFastifyApplication).register(otel.plugin() as never),
  )
  expect(await servers()).toHaveLength(1)
  expect(new Set(tracing.spans().map((span) => span.traceId)).size).toBe(1)
})

it('leaves the document of swagger as it is', async () => {
  const document = async (traced: boolean) => {
    const imports = traced ? [TracingModule.forRoot()] : []
    const options = traced ? { instrument: tracingInstrument() } : {}
    const app = await startApp({ imports, controllers: [PricesController] }, options)
    try {
      return SwaggerModule.createDocument(app.app, new DocumentBuilder().build())
    } finally {
      await app.close()
    }
  }
  const traced = await document(true)
  expect(traced).toEqual(await document(false))
  expect(Object.keys(traced.paths)).toEqual(['/prices/{id}'])
})

/** A provider that lives behind a proxy of nestjs-cls. */
@Controller('tenant')
class TenantController {
  constructor(@Inject(ClsService) private readonly cls: ClsService) {}

  @Get()
  tenant(): string {
    return this.cls.get('tenant')
  }
}

it('works with nestjs-cls', async () => {
  const cls = ClsModule.forRoot({
    global: true,
    middleware: { mount: true, setup: (store) => store.set('tenant', 'acme') },
  })
  const imports = [TracingModule.forRoot(), cls]
  running = await startApp(
    { imports, controllers: [TenantController] },
    { instrument: tracingInstrument() },
  )
  expect(await (await fetch(`${running.url}/tenant`)).text()).toBe('acme')
  expect(await servers('/tenant')).toHaveLength(2)
})

const Strategy: abstract new () => {
  readonly name?: string
  success(user: object): void
  fail(status: number): void
} = UntypedStrategy

class HeaderStrategy extends Strategy {
  override readonly name = 'header'

  authenticate(request: { headers: Record<string, unknown> }): void {
    if (request.headers['x-user']) this.success({ name: request.headers['x-user'] })
    else this.fail(401)
  }
}

@Injectable()
class TracedStrategy extends PassportStrategy(HeaderStrategy, 'header') {
  validate(): boolean {
    return true
  }
}

@Controller('me')
class MeController {
  @Get()
  @UseGuards(AuthGuard('header'))
  me(): string {
    return 'you'
  }
}

it('works with passport, which still denies', async () => {
  running = await startApp(
    {
      imports: [TracingModule.forRoot(), PassportModule],
      controllers: [MeController],
      providers: [TracedStrategy],
    },
    { instrument: tracingInstrument() },
    undefined,
    ADAPTERS['Express']!(),
  )
  expect((await fetch(`${running.url}/me`)).status).toBe(401)
  expect((await fetch(`${running.url}/me`, { headers: { 'x-user': 'u' } })).status).toBe(200)
  await tracing.waitForSpans(5)
  expect(tracing.tree()).toBe(
    [
      'GET /me [SERVER]',
      '  canActivate [INTERNAL]',
      'GET /me [SERVER]',
      '  canActivate [INTERNAL]',
      '  MeController.me [INTERNAL]',
    ].join('\n'),
  )
})

it.each(['Fastify', 'Express', 'an older Express'])(
  'traces requests and handlers in a testing module: %s',
  async (name) => {
    const compiled = await Test.createTestingModule(prices).compile()
    const app = compiled.createNestApplication(ADAPTERS[name]!())
    await app.listen(0, '127.0.0.1')
    running = { app, url: await app.getUrl(), close: () => app.close() }
    expect(await servers()).toHaveLength(1)
    expect(tracing.tree()).toBe(
      [
        'GET /prices/:id [SERVER]',
        '  PricesController.one [INTERNAL]',
        '    PricesController.one [INTERNAL]',
      ].join('\n'),
    )
  },
)
