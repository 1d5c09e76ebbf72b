import { EventEmitter } from 'node:events'
import { trace, type Span } from '@opentelemetry/api'
import {
  Controller,
  Get,
  HttpException,
  Inject,
  Injectable,
  Module,
  Param,
  Post,
  UseGuards,
  type CanActivate,
  type NestInterceptor,
} from '@nestjs/common'
import { APP_INTERCEPTOR } from '@nestjs/core'
import type { FastifyAdapter, NestFastifyApplication } from '@nestjs/platform-fastify'
import { fastifyTracing } from '@throughline/fastify'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { Observable, map, tap, timer } from 'rxjs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  CurrentSpan,
  NoTrace,
  TracingModule,
  TRACING_MODULE_OPTIONS,
  tracingInstrument,
  type TracingInstrument,
} from '../src/index.ts'
import { startApp, type RunningApp } from './shop-app.ts'

@Injectable()
class Deny implements CanActivate {
  canActivate(): boolean {
    return false
  }
}

@Injectable()
class BrokenGuard implements CanActivate {
  canActivate(): boolean {
    throw new RangeError('the guard broke')
  }
}

const released = new EventEmitter()

@Controller('orders')
class OrdersController {
  @Get('measured')
  measured(): Observable<string> {
    return timer(60).pipe(map(() => 'done'))
  }

  @Get('stream')
  stream(): Observable<number> {
    return new Observable((subscriber) => {
      released.once('go', () => {
        subscriber.next(1)
        subscriber.complete()
      })
      released.emit('waiting')
    })
  }

  @Get('denied')
  @UseGuards(Deny)
  denied(): string {
    return 'never'
  }

  @Get('broken-guard')
  @UseGuards(BrokenGuard)
  brokenGuard(): string {
    return 'never'
  }

  @Get('failing')
  failing(): string {
    throw new TypeError('no price')
  }

  @Get('text')
  text(): string {
    // oxlint-disable-next-line only-throw-error -- people do
    throw 'no price'
  }

  @Get('rejected')
  async rejected(): Promise<string> {
    throw new HttpException('pay first', 402)
  }

  @Get('unavailable')
  unavailable(): string {
    throw new HttpException('later', 503)
  }

  @Get('health')
  @NoTrace()
  health(): string {
    return trace.getActiveSpan() ? 'in the request' : 'nowhere'
  }

  @Get('span')
  span(@CurrentSpan() span: Span): string {
    span.setAttribute('order.items', 3)
    return span.spanContext().spanId
  }

  @Get(':id')
  one(@Param('id') id: string): string {
    return id
  }

  @Post()
  create(): object {
    return { id: '1' }
  }
}

let tracing: TestTracing
let running: RunningApp
let instrument: TracingInstrument | undefined

beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(async () => {
  await running?.close()
  tracing.reset()
})
afterAll(() => tracing.shutdown())

async function start(
  module = TracingModule.forRoot(),
  prepare?: Parameters<typeof startApp>[2],
): Promise<void> {
  const metadata = { imports: [module], controllers: [OrdersController] }
  running = await startApp(metadata, { ...(instrument && { instrument }) }, prepare)
}

function get(path: string, init?: RequestInit): Promise<Response> {
  return fetch(`${running.url}${path}`, init)
}

describe('requests', () => {
  it('has a server span named by the route, and the handler as its child', async () => {
    await start()
    expect(await (await get('/orders/42?full=1')).text()).toBe('42')
    await tracing.waitForSpans(2)
    expect(tracing.tree()).toBe(
      ['GET /orders/:id [SERVER]', '  OrdersController.one [INTERNAL]'].join('\n'),
    )
    expect(tracing.span('GET /orders/:id')).toMatchObject({
      status: 'UNSET',
      scope: { name: '@throughline/nestjs' },
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/orders/:id',
        'url.path': '/orders/42',
        'http.response.status_code': 200,
      },
    })
    expect(tracing.span('OrdersController.one').attributes).toEqual({
      'code.function.name': 'OrdersController.one',
      'nestjs.type': 'handler',
      'nestjs.controller': 'OrdersController',
      'nestjs.callback': 'one',
    })
  })

  it('continues the trace of a caller', async () => {
    await start()
    const traceId = 'a'.repeat(32)
    const traceparent = `00-${traceId}-${'b'.repeat(16)}-01`
    await get('/orders', { method: 'POST', headers: { traceparent } })
    await tracing.waitForSpans(2)
    const server = tracing.span('POST /orders')
    expect(server).toMatchObject({ traceId, parentSpanId: 'b'.repeat(16) })
    expect(tracing.span('OrdersController.create')).toMatchObject({
      traceId,
      parentSpanId: server.spanId,
    })
  })

  it('knows the prefix and leaves the path of an unknown route out of the name', async () => {
    await start(undefined, (app) => app.setGlobalPrefix('v1'))
    await get('/v1/orders/1')
    expect((await get('/nowhere/1')).status).toBe(404)
    await tracing.waitForSpans(3)
    expect(tracing.span('GET /v1/orders/:id').attributes['http.route']).toBe('/v1/orders/:id')
    const missing = tracing.span('GET')
    expect(missing).toMatchObject({
      status: 'UNSET',
      attributes: { 'http.response.status_code': 404, 'url.path': '/nowhere/1' },
    })
    expect(missing.attributes).not.toHaveProperty('http.route')
  })

  it('keeps concurrent requests apart', async () => {
    await start()
    await Promise.all(Array.from({ length: 20 }, (_, id) => get(`/orders/${id}`)))
    const spans = await tracing.waitForSpans(40)
    const servers = spans.filter((span) => span.kind === 'SERVER')
    const parents = spans.filter((span) => span.kind === 'INTERNAL').map((s) => s.parentSpanId)
    expect(new Set(servers.map((span) => span.traceId)).size).toBe(20)
    expect(new Set(parents)).toEqual(new Set(servers.map((span) => span.spanId)))
  })

  it('runs a request hook that was there before, inside the request', async () => {
    let seen: string | undefined
    await start(undefined, (app) => {
      const adapter = app.getHttpAdapter() as FastifyAdapter
      adapter.setOnRequestHook(async (_request, _reply, done) => {
        await Promise.resolve()
        seen = trace.getActiveSpan()?.spanContext().spanId
        done()
      })
    })
    expect((await get('/orders/1')).status).toBe(200)
    await tracing.waitForSpans(2)
    expect(seen).toBe(tracing.span('GET /orders/:id').spanId)
  })

  it('joins the server span of @throughline/fastify', async () => {
    await start(undefined, (app) =>
      (app as NestFastifyApplication).register(fastifyTracing as never),
    )
    await get('/orders/failing')
    await tracing.waitForSpans(2)
    expect(tracing.tree()).toBe(
      ['GET /orders/failing [SERVER] ERROR', '  OrdersController.failing [INTERNAL] ERROR'].join(
        '\n',
      ),
    )
  })
})

const HANDLERS_ONLY = { guards: false, pipes: false, interceptors: false }

describe.each([
  ['handlers of an application without an instrument', () => undefined],
  ['handlers by tracingInstrument', () => tracingInstrument({ layers: HANDLERS_ONLY })],
])('%s', (_, createInstrument) => {
  beforeEach(() => {
    instrument = createInstrument()
  })
  afterEach(() => {
    instrument = undefined
  })

  describe('outcomes', () => {
    it('makes what a handler throws an error of handler and request, recorded once', async () => {
      await start()
      expect((await get('/orders/failing')).status).toBe(500)
      const spans = await tracing.waitForSpans(2)
      for (const span of spans) {
        expect(span).toMatchObject({
          status: 'ERROR',
          statusMessage: 'no price',
          attributes: { 'error.type': 'TypeError' },
        })
      }
      expect(tracing.span('OrdersController.failing').events).toHaveLength(1)
      expect(tracing.span('GET /orders/failing').events).toHaveLength(0)
    })

    it('records once what a handler throws and is no Error', async () => {
      await start()
      expect((await get('/orders/text')).status).toBe(500)
      const spans = await tracing.waitForSpans(2)
      expect(spans.map((span) => span.status)).toEqual(['ERROR', 'ERROR'])
      expect(spans.flatMap((span) => span.events)).toHaveLength(1)
    })

    it('does not take an HttpException below 500 for an error', async () => {
      await start()
      expect((await get('/orders/rejected')).status).toBe(402)
      for (const span of await tracing.waitForSpans(2)) {
        expect(span).toMatchObject({ status: 'UNSET', events: [] })
        expect(span.attributes).not.toHaveProperty('error.type')
      }
    })

    it('takes an HttpException of 500 and above for an error', async () => {
      await start()
      await get('/orders/unavailable')
      for (const span of await tracing.waitForSpans(2)) {
        expect(span).toMatchObject({
          status: 'ERROR',
          attributes: { 'error.type': 'HttpException' },
        })
      }
    })

    it('has the request that a guard denied, without a handler', async () => {
      await start()
      expect((await get('/orders/denied')).status).toBe(403)
      await tracing.waitForSpans(1)
      expect(tracing.tree()).toBe('GET /orders/denied [SERVER]')
      expect(tracing.span('GET /orders/denied').attributes['http.response.status_code']).toBe(403)
    })

    it('has the request that a guard broke as an error by its status', async () => {
      await start()
      await get('/orders/broken-guard')
      await tracing.waitForSpans(1)
      expect(tracing.span('GET /orders/broken-guard')).toMatchObject({
        status: 'ERROR',
        attributes: { 'error.type': '500' },
      })
    })
  })

  describe('observables', () => {
    it('measures a handler to the end of what it returns', async () => {
      await start()
      expect(await (await get('/orders/measured')).text()).toBe('done')
      await tracing.waitForSpans(2)
      expect(tracing.span('OrdersController.measured').durationMs).toBeGreaterThan(50)
    })

    it('ends the handler when the stream ends, not before', async () => {
      await start()
      const waiting = new Promise((resolve) => released.once('waiting', resolve))
      const answer = get('/orders/stream')
      await waiting
      expect(tracing.unended()).toContain('OrdersController.stream')
      released.emit('go')
      await answer
      await tracing.waitForSpans(2)
      expect(tracing.unended()).toEqual([])
    })
  })

  describe('decorators', () => {
    it('makes no handler span under @NoTrace, and keeps the request', async () => {
      await start()
      expect(await (await get('/orders/health')).text()).toBe('in the request')
      await tracing.waitForSpans(1)
      expect(tracing.tree()).toBe('GET /orders/health [SERVER]')
    })

    it("gives the handler's own span by @CurrentSpan", async () => {
      await start()
      const spanId = await (await get('/orders/span')).text()
      await tracing.waitForSpans(2)
      const span = tracing.span('OrdersController.span')
      expect(span.spanId).toBe(spanId)
      expect(span.attributes['order.items']).toBe(3)
    })
  })
})

it('what a handler emits goes on in the context of the request, whoever emits it', async () => {
  let seen: string | undefined
  const outer: NestInterceptor = {
    intercept: (_execution, next) =>
      next.handle().pipe(tap(() => (seen = trace.getActiveSpan()?.spanContext().spanId))),
  }
  const metadata = {
    imports: [TracingModule.forRoot()],
    controllers: [OrdersController],
    providers: [{ provide: APP_INTERCEPTOR, useValue: outer }],
  }
  running = await startApp(metadata, { instrument: tracingInstrument() })
  const waiting = new Promise((resolve) => released.once('waiting', resolve))
  const answer = get('/orders/stream')
  await waiting
  released.emit('go')
  await answer
  await tracing.waitForSpans(2)
  expect(seen).toBe(tracing.span('GET /orders/stream').spanId)
})

describe('options', () => {
  it('makes no span for an ignored request, and none below it', async () => {
    await start(TracingModule.forRoot({ ignore: (request) => request.url === '/orders/1' }))
    await get('/orders/1')
    await get('/orders/2')
    await tracing.waitForSpans(2)
    expect(tracing.span('GET /orders/:id').attributes['url.path']).toBe('/orders/2')
  })

  it('makes no span at all where it is disabled', async () => {
    await start(TracingModule.forRoot({ enabled: false }))
    expect(await (await get('/orders/1')).text()).toBe('1')
    await running.close()
    expect(tracing.spans()).toEqual([])
    expect(tracing.unended()).toEqual([])
  })

  it.each([
    ['', () => ({})],
    [' with an instrument', () => ({ instrument: tracingInstrument() })],
  ])('traces once where the module is imported twice%s', async (_, createOptions) => {
    const metadata = {
      imports: [
        TracingModule.forRoot(),
        { module: class Feature {}, imports: [TracingModule.forRoot({ spanName: () => 'other' })] },
      ],
      controllers: [OrdersController],
    }
    running = await startApp(metadata, createOptions())
    await get('/orders/1')
    await running.close()
    expect(tracing.spans()).toHaveLength(2)
  })

  it('takes its options from a factory, and lets others inject them', async () => {
    let injected: unknown
    @Injectable()
    class Reader {
      constructor(@Inject(TRACING_MODULE_OPTIONS) options: unknown) {
        injected = options
      }
    }
    const module = TracingModule.forRootAsync({
      isGlobal: true,
      useFactory: async () => ({ attributes: () => ({ 'app.region': 'north' }) }),
    })
    running = await startApp({
      imports: [module, { module: class Feature {}, providers: [Reader] }],
      controllers: [OrdersController],
    })
    await get('/orders/1')
    await tracing.waitForSpans(2)
    expect(tracing.span('GET /orders/:id').attributes['app.region']).toBe('north')
    expect(injected).toHaveProperty('attributes')
  })

  it.each(['useClass', 'useExisting'])('takes its options from a class: %s', async (way) => {
    @Injectable()
    class Options {
      createTracingOptions(): { enabled: boolean } {
        return { enabled: false }
      }
    }
    @Module({ providers: [Options], exports: [Options] })
    class OptionsModule {}
    await start(TracingModule.forRootAsync({ imports: [OptionsModule], [way]: Options }))
    await get('/orders/1')
    await running.close()
    expect(tracing.spans()).toEqual([])
  })

  it('refuses options that cannot work', async () => {
    await expect(start(TracingModule.forRoot({ ignore: 7 as never }))).rejects.toThrow(
      'TracingModule: option "ignore" must be a function, a glob or a list of globs, got 7',
    )
  })

  it('goes on where a hook of the user throws', async () => {
    const broken = (): never => {
      throw new Error('broken hook')
    }
    await start(TracingModule.forRoot({ ignore: broken, spanName: broken, attributes: broken }))
    expect((await get('/orders/1')).status).toBe(200)
    await tracing.waitForSpans(2)
    expect(tracing.span('GET /orders/:id').attributes['http.response.status_code']).toBe(200)
  })
})

describe('shutdown', () => {
  it('flushes the provider and leaves its shutdown to whoever started it', async () => {
    const calls: string[] = []
    const tracerProvider = {
      getTracer: tracing.tracerProvider.getTracer.bind(tracing.tracerProvider),
      forceFlush: async () => void calls.push('forceFlush'),
      shutdown: async () => void calls.push('shutdown'),
    }
    await start(TracingModule.forRoot({ tracerProvider }))
    await running.close()
    expect(calls).toEqual(['forceFlush'])
  })

  it('shuts down where the flush fails', async () => {
    const tracerProvider = {
      getTracer: tracing.tracerProvider.getTracer.bind(tracing.tracerProvider),
      forceFlush: () => Promise.reject(new Error('collector gone')),
    }
    await start(TracingModule.forRoot({ tracerProvider }))
    await expect(running.close()).resolves.toBeUndefined()
  })
})
