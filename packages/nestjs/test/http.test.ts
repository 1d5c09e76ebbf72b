import { EventEmitter } from 'node:events'
import { request as httpRequest } from 'node:http'
import { PassThrough } from 'node:stream'
import {
  Body,
  Catch,
  Controller,
  Get,
  HttpCode,
  Inject,
  Injectable,
  Post,
  RequestMethod,
  Scope,
  Sse,
  StreamableFile,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type MessageEvent,
  type MiddlewareConsumer,
  type NestInterceptor,
  type NestMiddleware,
  type NestModule,
  type PipeTransform,
} from '@nestjs/common'
import { Traced, TracingModule, tracingInstrument } from '../src/index.ts'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { Observable, interval, map, mergeMap, take, timer } from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ADAPTERS, startApp, type RunningApp } from './shop-app.ts'

class OutOfStock extends Error {}

@Injectable()
class AuthGuard implements CanActivate {
  canActivate(execution: ExecutionContext): boolean {
    return execution.switchToHttp().getRequest().headers['x-user'] !== undefined
  }
}

@Injectable()
class OrderPipe implements PipeTransform {
  transform(value: unknown): unknown {
    return value
  }
}

@Injectable()
class TimingInterceptor implements NestInterceptor {
  intercept(_execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(mergeMap((value) => timer(5).pipe(map(() => value))))
  }
}

@Catch(OutOfStock)
class OutOfStockFilter implements ExceptionFilter {
  catch(_error: OutOfStock, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse()
    response.status(409).send({ error: 'out of stock' })
  }
}

@Injectable()
class TenantMiddleware implements NestMiddleware {
  use(_request: unknown, _response: unknown, next: () => void): void {
    setImmediate(next)
  }
}

@Injectable()
class ClosedMiddleware implements NestMiddleware {
  use(
    _request: unknown,
    response: { statusCode: number; end(text: string): void },
    _next: () => void,
  ): void {
    response.statusCode = 410
    response.end('closed')
  }
}

@Injectable()
class BrokenMiddleware implements NestMiddleware {
  async use(_request: unknown, _response: unknown, _next: () => void): Promise<void> {
    throw new RangeError('no tenant')
  }
}

@Injectable()
class OrdersService {
  @Traced()
  async place(): Promise<string> {
    return 'o-1'
  }
}

@Injectable({ scope: Scope.REQUEST })
class Basket {
  @Traced()
  total(): number {
    return 3
  }
}

@Injectable({ scope: Scope.REQUEST })
class BasketGuard implements CanActivate {
  constructor(@Inject(Basket) private readonly basket: Basket) {}

  canActivate(): boolean {
    return this.basket.total() > 0
  }
}

const events = new EventEmitter()

@Controller('orders')
class OrdersController {
  constructor(@Inject(OrdersService) private readonly orders: OrdersService) {}

  @Post()
  @UseGuards(AuthGuard)
  @UsePipes(OrderPipe)
  @UseInterceptors(TimingInterceptor)
  async create(@Body() _order: object): Promise<object> {
    return { id: await this.orders.place() }
  }

  @Get('sold-out')
  @UseFilters(OutOfStockFilter)
  soldOut(): string {
    throw new OutOfStock('none left')
  }

  @Sse('events')
  stream(): Observable<MessageEvent> {
    return interval(5).pipe(
      take(4),
      map((data) => ({ data: String(data) })),
    )
  }

  @Get('report')
  report(): StreamableFile {
    const stream = new PassThrough()
    stream.write('first')
    events.once('finish report', () => stream.end('last'))
    return new StreamableFile(stream)
  }

  @Get('never')
  never(): Observable<never> {
    return new Observable(() => {
      events.emit('never called')
    })
  }

  @Post('echo')
  @HttpCode(200)
  echo(@Body() body: unknown): unknown {
    return body
  }
}

@Controller('baskets')
@UseGuards(BasketGuard)
class BasketsController {
  constructor(@Inject(Basket) private readonly basket: Basket) {}

  @Get()
  one(): number {
    return this.basket.total()
  }
}

class Shop implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(TenantMiddleware).forRoutes({ path: 'orders', method: RequestMethod.POST })
    consumer.apply(ClosedMiddleware).forRoutes('closed')
    consumer.apply(BrokenMiddleware).forRoutes('broken')
  }
}

const shop = {
  module: Shop,
  imports: [TracingModule.forRoot()],
  controllers: [OrdersController, BasketsController],
  providers: [OrdersService, Basket],
}

let tracing: TestTracing

beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

async function server() {
  return tracing.waitFor((spans) => spans.find((span) => span.kind === 'SERVER'))
}

describe.each(Object.entries(ADAPTERS))('on %s', (name, adapter) => {
  let running: RunningApp
  const hosted = name.includes('Express') ? 'express' : 'fastify'

  beforeAll(async () => {
    const options = { instrument: tracingInstrument({ layers: { interceptorsAfter: true } }) }
    running = await startApp({ imports: [shop] }, options, undefined, adapter())
  })
  afterAll(() => running.close())

  function send(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${running.url}${path}`, init)
  }

  const json = { 'content-type': 'application/json' }
  const order = {
    method: 'POST',
    body: '{}',
    headers: { 'x-user': 'u', ...json },
  }

  it('a request is one trace, layer by layer', async () => {
    expect((await send('/orders', order)).status).toBe(201)
    await server()
    expect(tracing.tree()).toBe(
      [
        'POST /orders [SERVER]',
        '  TenantMiddleware.use [INTERNAL]',
        '  AuthGuard.canActivate [INTERNAL]',
        '  TimingInterceptor.intercept [INTERNAL]',
        '  OrderPipe.transform [INTERNAL]',
        '  OrdersController.create [INTERNAL]',
        '    OrdersService.place [INTERNAL]',
        '  TimingInterceptor.intercept after [INTERNAL]',
      ].join('\n'),
    )
    expect(tracing.unended()).toEqual([])
    expect(tracing.span('TimingInterceptor.intercept after').durationMs).toBeGreaterThan(3)
    expect(tracing.span('TenantMiddleware.use').attributes).toEqual({
      'code.function.name': 'TenantMiddleware.use',
      'nestjs.type': 'middleware',
    })
  })

  it('continues the trace of the caller', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await send('/orders', { ...order, headers: { ...order.headers, traceparent } })
    expect(await server()).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      parentSpanId: 'b7ad6b7169203331',
    })
  })

  it('a denied request has its span, and no error', async () => {
    expect((await send('/orders', { ...order, headers: json })).status).toBe(403)
    expect(await server()).toMatchObject({
      name: 'POST /orders',
      status: 'UNSET',
      attributes: { 'http.response.status_code': 403 },
    })
    expect(tracing.spans().map((span) => span.name)).not.toContain('OrdersController.create')
  })

  it('an unknown route has its span, without the path in its name', async () => {
    expect((await send('/nowhere/1')).status).toBe(404)
    expect(await server()).toMatchObject({ name: 'GET', status: 'UNSET' })
  })

  it('an error that a filter answers is recorded once, and the request is none', async () => {
    expect((await send('/orders/sold-out')).status).toBe(409)
    await server()
    const filter = tracing.span('OutOfStockFilter.catch')
    expect(filter.attributes['nestjs.type']).toBe('exception_filter')
    expect(filter.parentSpanId).toBe(tracing.span('GET /orders/sold-out').spanId)
    expect(tracing.span('GET /orders/sold-out').status).toBe('UNSET')
    expect(tracing.span('OrdersController.soldOut')).toMatchObject({ status: 'ERROR' })
    expect(tracing.spans().flatMap((span) => span.events)).toHaveLength(1)
  })

  it('a middleware that answers itself has a span until then', async () => {
    expect((await send('/closed')).status).toBe(410)
    await server()
    await tracing.waitFor((spans) => spans.some((span) => span.name === 'ClosedMiddleware.use'))
    expect(tracing.unended()).toEqual([])
  })

  it('a middleware that breaks names the error of the request', async () => {
    expect((await send('/broken')).status).toBe(500)
    expect(await server()).toMatchObject({
      status: 'ERROR',
      attributes: { 'error.type': 'RangeError' },
      events: [],
    })
    expect(tracing.span('BrokenMiddleware.use').events).toHaveLength(1)
  })

  it('a request whose body cannot be read has its span', async () => {
    const broken = { method: 'POST', body: '{', headers: json }
    expect((await send('/orders/echo', broken)).status).toBe(400)
    expect(await server()).toMatchObject({ status: 'UNSET' })
  })

  it('server-sent events are measured to the last one', async () => {
    expect(await (await send('/orders/events')).text()).toContain('data: 3')
    await server()
    expect(tracing.span('OrdersController.stream').durationMs).toBeGreaterThan(15)
    expect(tracing.span('GET /orders/events').durationMs).toBeGreaterThan(15)
  })

  it('a streamed file is measured to its end', async () => {
    const response = await send('/orders/report')
    expect(tracing.spans().map((span) => span.kind)).not.toContain('SERVER')
    events.emit('finish report')
    expect(await response.text()).toBe('firstlast')
    expect(await server()).toMatchObject({ status: 'UNSET' })
  })

  it('a client that leaves ends the request', async () => {
    const called = new Promise<void>((resolve) => {
      events.once('never called', resolve)
    })
    const request = httpRequest(`${running.url}/orders/never`).on('error', () => {})
    request.end()
    await called
    request.destroy()
    expect(await server()).toMatchObject({
      status: 'ERROR',
      attributes: { 'error.type': 'client_disconnected' },
    })
  })

  it('request-scoped providers are traced as all others', async () => {
    expect(await (await send('/baskets')).text()).toBe('3')
    await server()
    expect(tracing.tree()).toBe(
      [
        'GET /baskets [SERVER]',
        '  BasketGuard.canActivate [INTERNAL]',
        '    Basket.total [INTERNAL]',
        '  BasketsController.one [INTERNAL]',
        '    Basket.total [INTERNAL]',
      ].join('\n'),
    )
  })

  it('is the adapter that it says', () => {
    expect(running.app.getHttpAdapter().getType()).toBe(hosted)
  })
})

it('leaves out the layers that it is told to', async () => {
  const layers = {
    guards: false,
    pipes: false,
    interceptors: false,
    filters: false,
    middleware: false,
  }
  const running = await startApp({ imports: [shop] }, { instrument: tracingInstrument({ layers }) })
  try {
    const headers = { 'x-user': 'u' }
    await fetch(`${running.url}/orders`, { method: 'POST', headers })
    await server()
    expect(tracing.tree()).toBe(
      [
        'POST /orders [SERVER]',
        '  OrdersController.create [INTERNAL]',
        '    OrdersService.place [INTERNAL]',
      ].join('\n'),
    )
  } finally {
    await running.close()
  }
})

it('refuses a layer that does not exist', () => {
  const layers = { guard: false } as object
  expect(() => tracingInstrument({ layers })).toThrow(/option "layers"/)
  expect(() => tracingInstrument({ layers: { guards: 1 as never } })).toThrow(/layers.guards/)
})
