import { once } from 'node:events'
import { Controller, Get, Inject, Injectable } from '@nestjs/common'
import {
  CommandBus,
  CommandHandler,
  CqrsModule,
  EventBus,
  EventsHandler,
  QueryBus,
  QueryHandler,
} from '@nestjs/cqrs'
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter'
import { GraphQLModule, Mutation, Query, Resolver } from '@nestjs/graphql'
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius'
import { EventPattern, MessagePattern, Transport, ClientProxyFactory } from '@nestjs/microservices'
import { Cron, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule'
import { MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets'
import { WsAdapter } from '@nestjs/platform-ws'
import { trace } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { firstValueFrom } from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { TracingModule, tracingInstrument, type InstrumentLayers } from '../src/index.ts'
import { freePort } from './rpc-app.ts'
import { startApp, type RunningApp } from './shop-app.ts'

let tracing: TestTracing
let running: RunningApp

beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(async () => {
  await running?.close()
  tracing.reset()
})
afterAll(() => tracing.shutdown())

async function start(
  metadata: Parameters<typeof startApp>[0],
  prepare?: Parameters<typeof startApp>[2],
  layers: InstrumentLayers = {},
): Promise<void> {
  const options = { instrument: tracingInstrument({ layers }) }
  const imports = [TracingModule.forRoot(), ...(metadata.imports ?? [])]
  running = await startApp({ ...metadata, imports }, options, prepare)
}

function post(path: string, body: object = {}): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${running.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

@Injectable()
class Ticks {
  @Interval('refresh prices', 20)
  async refresh(): Promise<void> {}

  @Timeout(5)
  warmUp(): void {
    throw new RangeError('too cold')
  }

  @Cron('0 0 1 1 *', { name: 'yearly' })
  yearly(): void {}
}

describe('schedules', () => {
  it('every tick is a trace of its own, also where the application was started inside one', async () => {
    await withSpan('boot', () => start({ imports: [ScheduleModule.forRoot()], providers: [Ticks] }))
    await tracing.waitFor(
      (spans) => spans.filter((span) => span.name === 'Ticks.refresh').length >= 2,
    )
    const ticks = tracing.spans().filter((span) => span.name === 'Ticks.refresh')
    expect(new Set(ticks.map((span) => span.traceId)).size).toBe(ticks.length)
    for (const tick of ticks) {
      expect(tick.parentSpanId).toBeUndefined()
      expect(tick.attributes).toEqual({
        'code.function.name': 'Ticks.refresh',
        'nestjs.type': 'schedule',
        'job.name': 'refresh prices',
      })
    }
  })

  it('a tick that fails is an error', async () => {
    await start({ imports: [ScheduleModule.forRoot()], providers: [Ticks] })
    const tick = await tracing.waitFor((all) => all.find((span) => span.name === 'Ticks.warmUp'))
    expect(tick).toMatchObject({ status: 'ERROR', attributes: { 'error.type': 'RangeError' } })
  })

  it('a cron is run, and traced, by its registry', async () => {
    await start({ imports: [ScheduleModule.forRoot()], providers: [Ticks] })
    await running.app.get(SchedulerRegistry).getCronJob('yearly').fireOnTick()
    const tick = await tracing.waitFor((all) => all.find((span) => span.name === 'Ticks.yearly'))
    expect(tick.attributes['job.name']).toBe('yearly')
  })

  it('called by a request, it is part of that', async () => {
    await start({ imports: [ScheduleModule.forRoot()], providers: [Ticks] })
    withSpan('by hand', () => running.app.get(Ticks).yearly())
    expect(tracing.span('Ticks.yearly').parentSpanId).toBe(tracing.span('by hand').spanId)
  })

  it('may be left out', async () => {
    const metadata = { imports: [ScheduleModule.forRoot()], providers: [Ticks] }
    await start(metadata, undefined, { schedules: false })
    await running.app.get(Ticks).refresh()
    expect(tracing.spans()).toEqual([])
  })
})

@Injectable()
class Mailer {
  @OnEvent('order.placed')
  async send(): Promise<void> {}
}

describe('events', () => {
  it('a listener has its span in the work of whoever emits', async () => {
    await start({ imports: [EventEmitterModule.forRoot()], providers: [Mailer] })
    await withSpan('place', () => running.app.get(EventEmitter2).emitAsync('order.placed', {}))
    expect(tracing.tree()).toBe('place [INTERNAL]\n  Mailer.send [INTERNAL]')
    expect(tracing.span('Mailer.send').attributes['nestjs.type']).toBe('event')
  })
})

class PlaceOrder {}
class CountOrders {}
class OrderPlaced {}

@CommandHandler(PlaceOrder)
class PlaceOrderHandler {
  constructor(@Inject(EventBus) private readonly events: EventBus) {}

  async execute(): Promise<string> {
    this.events.publish(new OrderPlaced())
    return 'o-1'
  }
}

@QueryHandler(CountOrders)
class CountOrdersHandler {
  async execute(): Promise<number> {
    return 1
  }
}

@EventsHandler(OrderPlaced)
class OrderPlacedHandler {
  handle(): void {}
}

describe('CQRS', () => {
  it('commands, queries and their events are one trace', async () => {
    const providers = [PlaceOrderHandler, CountOrdersHandler, OrderPlacedHandler]
    await start({ imports: [CqrsModule.forRoot()], providers })
    await withSpan('checkout', async () => {
      await running.app.get(CommandBus).execute(new PlaceOrder())
      expect(await running.app.get(QueryBus).execute(new CountOrders())).toBe(1)
    })
    expect(tracing.tree()).toBe(
      [
        'checkout [INTERNAL]',
        '  PlaceOrderHandler.execute [INTERNAL]',
        '    OrderPlacedHandler.handle [INTERNAL]',
        '  CountOrdersHandler.execute [INTERNAL]',
      ].join('\n'),
    )
    const types = tracing.spans().map((span) => span.attributes['nestjs.type'])
    expect(types.filter((type) => typeof type === 'string').toSorted()).toEqual([
      'command_handler',
      'event_handler',
      'query_handler',
    ])
  })
})

@WebSocketGateway()
class ChatGateway {
  @SubscribeMessage('say')
  say(@MessageBody() text: string): object {
    return { event: 'said', data: text + (trace.getActiveSpan() ? '' : ' in no span') }
  }

  @SubscribeMessage('refuse')
  refuse(): never {
    throw new WsException('not here')
  }
}

describe('WebSocket gateways', () => {
  async function open(): Promise<WebSocket> {
    const socket = new WebSocket(running.url.replace('http', 'ws'))
    await once(socket, 'open')
    return socket
  }
  const gateway = { providers: [ChatGateway] }
  const prepare = (app: RunningApp['app']) => app.useWebSocketAdapter(new WsAdapter(app))

  it('every message is a trace of its own, and one span', async () => {
    await start(gateway, prepare)
    const socket = await open()
    for (const text of ['a', 'b']) {
      socket.send(JSON.stringify({ event: 'say', data: text }))
      const [reply] = await once(socket, 'message')
      expect(JSON.parse(String(reply))).toEqual({ event: 'said', data: text })
    }
    socket.close()
    const spans = await tracing.waitForSpans(2)
    expect(new Set(spans.map((span) => span.traceId)).size).toBe(2)
    for (const span of spans) {
      expect(span).toMatchObject({
        name: 'ChatGateway.say',
        kind: 'SERVER',
        attributes: { 'nestjs.type': 'websocket', 'nestjs.controller': 'ChatGateway' },
      })
      expect(span.parentSpanId).toBeUndefined()
    }
  })

  it('a WsException is an answer', async () => {
    await start(gateway, prepare)
    const socket = await open()
    socket.send(JSON.stringify({ event: 'refuse', data: '' }))
    const [span] = await tracing.waitForSpans(1)
    socket.close()
    expect(span).toMatchObject({ name: 'ChatGateway.refuse', status: 'UNSET' })
  })
})

@Resolver()
class OrdersResolver {
  @Query(() => String)
  order(): string {
    return 'o-1'
  }

  @Mutation(() => String)
  place(): string {
    throw new TypeError('no price')
  }
}

describe('GraphQL', () => {
  const graphql = GraphQLModule.forRoot<MercuriusDriverConfig>({
    driver: MercuriusDriver,
    autoSchemaFile: true,
  })

  it('a root resolver has its span in the request', async () => {
    await start({ imports: [graphql], providers: [OrdersResolver] })
    const response = await post('/graphql', { query: '{ order }' })
    expect(await response.json()).toEqual({ data: { order: 'o-1' } })
    await tracing.waitForSpans(2)
    expect(tracing.tree()).toBe('POST /graphql [SERVER]\n  OrdersResolver.order [INTERNAL]')
    expect(tracing.span('OrdersResolver.order').attributes['nestjs.type']).toBe('graphql_resolver')
  })

  it('a resolver that fails is an error', async () => {
    await start({ imports: [graphql], providers: [OrdersResolver] })
    await post('/graphql', { query: 'mutation { place }' })
    const span = await tracing.waitFor((all) => all.find(({ kind }) => kind === 'INTERNAL'))
    expect(span).toMatchObject({ name: 'OrdersResolver.place', status: 'ERROR' })
  })
})

@Controller()
class HybridController {
  @Get('count')
  http(): number {
    return 1
  }

  @MessagePattern('count')
  rpc(): number {
    return 1
  }

  @EventPattern('broken')
  broken(_data: unknown): void {
    throw new TypeError('broken')
  }
}

describe('hybrid applications', () => {
  it.each([true, false])(
    'have both kinds of handlers traced, with inheritAppConfig: %s',
    async (inheritAppConfig) => {
      const tcp = {
        transport: Transport.TCP,
        options: { host: '127.0.0.1', port: await freePort() },
      } as const
      await start({ controllers: [HybridController] }, async (app) => {
        app.connectMicroservice(tcp, { inheritAppConfig })
        await app.startAllMicroservices()
      })
      const client = ClientProxyFactory.create(tcp)
      expect(await firstValueFrom(client.send('count', ''))).toBe(1)
      await fetch(`${running.url}/count`)
      client.emit('broken', '')
      await tracing.waitForSpans(6)
      client.close()
      expect(tracing.tree()).toBe(
        [
          'count [SERVER]',
          '  HybridController.rpc [INTERNAL]',
          'GET /count [SERVER]',
          '  HybridController.http [INTERNAL]',
          'process broken [CONSUMER] ERROR',
          '  HybridController.broken [INTERNAL] ERROR',
        ].join('\n'),
      )
      expect(tracing.spans().flatMap((span) => span.events)).toHaveLength(1)
    },
  )
})
