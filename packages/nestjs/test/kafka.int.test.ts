import { randomUUID } from 'node:crypto'
import { trace } from '@opentelemetry/api'
import { Controller, Get, Inject, Module, type INestMicroservice } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import {
  ClientsModule,
  EventPattern,
  MessagePattern,
  Payload,
  RpcException,
  type ClientKafka,
} from '@nestjs/microservices'
import { createTestTracing, type TestSpan, type TestTracing } from '@throughline/testing'
import { Kafka, logLevel } from 'kafkajs'
import { firstValueFrom, of } from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { TracingModule } from '../src/index.ts'
import { TracingClientKafka, TracingServerKafka } from '../src/kafka/index.ts'
import { startApp, type RunningApp } from './shop-app.ts'

process.env['KAFKAJS_NO_PARTITIONER_WARNING'] = '1'

const run = randomUUID().slice(0, 8)
const PLACED = `nest-placed-${run}`
const FAILING = `nest-failing-${run}`
const REJECTED = `nest-rejected-${run}`
const PRICE = `nest-price-${run}`
const BROKEN_PRICE = `nest-broken-price-${run}`
const HYBRID = `nest-hybrid-${run}`
const TOPICS = [PLACED, FAILING, REJECTED, PRICE, BROKEN_PRICE, HYBRID]

const consumer = { maxWaitTimeInMs: 100, heartbeatInterval: 500, retry: { retries: 0 } }
const attempts = new Map<string, number>()

/** Fails the first attempt only, so that the partition goes on. */
function failOnce(topic: string, error: unknown): void {
  const attempt = (attempts.get(topic) ?? 0) + 1
  attempts.set(topic, attempt)
  if (attempt === 1) throw error
}

@Controller()
class Notifications {
  @EventPattern([PLACED])
  async placed(@Payload() order: { id: string }): Promise<void> {
    trace.getActiveSpan()?.setAttribute('order.id', order.id)
  }

  @EventPattern([FAILING])
  async failing(): Promise<void> {
    failOnce(FAILING, new TypeError('no template'))
  }

  @EventPattern([REJECTED])
  async rejected(): Promise<void> {
    failOnce(REJECTED, new RpcException('not now'))
  }

  @MessagePattern(PRICE)
  price(): object {
    return of({ price: 3 })
  }

  @MessagePattern(BROKEN_PRICE)
  async brokenPrice(): Promise<object> {
    throw new RangeError('no price list')
  }
}

@Controller()
class HybridListener {
  @EventPattern([HYBRID])
  async heard(): Promise<void> {}
}

@Controller('orders')
class Orders {
  constructor(@Inject('KAFKA') private readonly kafka: ClientKafka) {}

  async onModuleInit(): Promise<void> {
    this.kafka.subscribeToResponseOf(PRICE)
    this.kafka.subscribeToResponseOf(BROKEN_PRICE)
    await this.kafka.connect()
  }

  @Get('place')
  async place(): Promise<string> {
    await firstValueFrom(this.kafka.emit(PLACED, { id: '42' }))
    return 'placed'
  }

  @Get('fail')
  async fail(): Promise<void> {
    await firstValueFrom(this.kafka.emit(FAILING, {}))
  }

  @Get('reject')
  async reject(): Promise<void> {
    await firstValueFrom(this.kafka.emit(REJECTED, {}))
  }

  @Get('hybrid')
  async hybrid(): Promise<void> {
    await firstValueFrom(this.kafka.emit(HYBRID, {}))
  }

  @Get('price')
  price(): Promise<object> {
    return firstValueFrom(this.kafka.send(PRICE, {}))
  }

  @Get('broken-price')
  brokenPrice(): Promise<object> {
    return firstValueFrom(this.kafka.send(BROKEN_PRICE, {}))
  }
}

let tracing: TestTracing
let orders: RunningApp
let notifications: INestMicroservice

beforeAll(async () => {
  const brokers = process.env['KAFKA_BROKERS']!.split(',')
  await createTopics(brokers)
  tracing = createTestTracing()

  @Module({ imports: [TracingModule.forRoot()], controllers: [Notifications] })
  class NotificationsModule {}
  notifications = await NestFactory.createMicroservice(NotificationsModule, {
    logger: false,
    strategy: new TracingServerKafka({
      client: { brokers, clientId: 'notifications' },
      consumer: { ...consumer, groupId: `notifications-${run}` },
      subscribe: { fromBeginning: true },
    }),
  })
  await notifications.listen()
  orders = await startApp({
    imports: [
      TracingModule.forRoot(),
      ClientsModule.register([
        {
          name: 'KAFKA',
          customClass: TracingClientKafka,
          options: {
            client: { brokers, clientId: 'orders' },
            consumer: { ...consumer, groupId: `orders-${run}` },
          },
        },
      ]),
    ],
    controllers: [Orders],
  })
})

afterEach(() => tracing.reset())

afterAll(async () => {
  await orders?.close()
  await notifications?.close()
  await tracing?.shutdown()
})

async function processed(count: number): Promise<TestSpan[]> {
  const consumers = (): TestSpan[] => tracing.spans().filter((span) => span.kind === 'CONSUMER')
  await tracing.waitFor(() => consumers().length === count)
  return consumers()
}

async function createTopics(brokers: string[]): Promise<void> {
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const topics = [...TOPICS, `${PRICE}.reply`, `${BROKEN_PRICE}.reply`]
  await admin.createTopics({ topics: topics.map((topic) => ({ topic })), waitForLeaders: true })
  await admin.disconnect()
}

describe('events', () => {
  it('are one trace from the request to the handler in the other service', async () => {
    await fetch(`${orders.url}/orders/place`)
    await tracing.waitForSpans(5)
    expect(tracing.tree()).toBe(
      [
        'GET /orders/place [SERVER]',
        '  Orders.place [INTERNAL]',
        `    send ${PLACED} [PRODUCER]`,
        `      process ${PLACED} [CONSUMER] -> send ${PLACED}`,
        '        Notifications.placed [INTERNAL]',
      ].join('\n'),
    )
    expect(tracing.span('Notifications.placed').attributes).toMatchObject({
      'nestjs.type': 'handler',
      'order.id': '42',
    })
    expect(tracing.span(`process ${PLACED}`).attributes).toMatchObject({
      'messaging.consumer.group.name': `notifications-${run}-server`,
      'messaging.client.id': 'notifications-server',
    })
  })

  it('that their handler fails are errors of what was thrown, once for each attempt', async () => {
    await fetch(`${orders.url}/orders/fail`)
    const spans = await processed(2)
    expect(spans[0]).toMatchObject({
      status: 'ERROR',
      statusMessage: 'no template',
      attributes: { 'error.type': 'TypeError' },
      events: [],
    })
    expect(spans[1]).toMatchObject({ status: 'UNSET', events: [] })
    const handlers = tracing.spans().filter((span) => span.name === 'Notifications.failing')
    expect(handlers.map((span) => [span.status, span.events.length])).toEqual([
      ['ERROR', 1],
      ['UNSET', 0],
    ])
  })

  it('that their handler rejects come again, so the message failed although the handler did not', async () => {
    await fetch(`${orders.url}/orders/reject`)
    const spans = await processed(2)
    expect(spans.map((span) => span.attributes['error.type'])).toEqual(['RpcException', undefined])
    const handlers = tracing.spans().filter((span) => span.name === 'Notifications.rejected')
    expect(handlers.map((span) => span.status)).toEqual(['UNSET', 'UNSET'])
  })
})

describe('requests over Kafka', () => {
  it('are one trace there and back', async () => {
    expect(await (await fetch(`${orders.url}/orders/price`)).json()).toEqual({ price: 3 })
    await tracing.waitForSpans(7)
    expect(tracing.tree()).toBe(
      [
        'GET /orders/price [SERVER]',
        '  Orders.price [INTERNAL]',
        `    send ${PRICE} [PRODUCER]`,
        `      process ${PRICE} [CONSUMER] -> send ${PRICE}`,
        '        Notifications.price [INTERNAL]',
        `        send ${PRICE}.reply [PRODUCER]`,
        `          process ${PRICE}.reply [CONSUMER] -> send ${PRICE}.reply`,
      ].join('\n'),
    )
  })

  it('that are answered by an error make the message an error', async () => {
    expect((await fetch(`${orders.url}/orders/broken-price`)).status).toBe(500)
    await tracing.waitForSpans(7)
    expect(tracing.span(`process ${BROKEN_PRICE}`)).toMatchObject({
      status: 'ERROR',
      attributes: { 'error.type': 'RangeError' },
      events: [],
    })
    expect(tracing.span('Notifications.brokenPrice')).toMatchObject({
      status: 'ERROR',
      statusMessage: 'no price list',
    })
  })
})

describe('a hybrid application', () => {
  let hybrid: RunningApp

  async function startHybrid(inheritAppConfig: boolean): Promise<void> {
    const strategy = new TracingServerKafka({
      client: { brokers: process.env['KAFKA_BROKERS']!.split(','), clientId: 'hybrid' },
      consumer: { ...consumer, groupId: `hybrid-${inheritAppConfig}-${run}` },
      subscribe: { fromBeginning: true },
    })
    hybrid = await startApp(
      { imports: [TracingModule.forRoot()], controllers: [HybridListener] },
      {},
      (app) => {
        app.connectMicroservice({ strategy }, { inheritAppConfig })
        return app.startAllMicroservices()
      },
    )
  }

  afterEach(() => hybrid.close())

  it('has the spans of handlers where the microservice inherits its configuration', async () => {
    await startHybrid(true)
    await fetch(`${orders.url}/orders/hybrid`)
    const handler = await tracing.waitFor((all) =>
      all.find((span) => span.name === 'HybridListener.heard'),
    )
    await processed(1)
    expect(handler.parentSpanId).toBe(tracing.span(`process ${HYBRID}`).spanId)
  })

  it('has the spans of messages where it does not', async () => {
    await startHybrid(false)
    await fetch(`${orders.url}/orders/hybrid`)
    await tracing.waitFor((all) =>
      all.find((span) => span.parentSpanId === tracing.span(`send ${HYBRID}`).spanId),
    )
    expect(tracing.spans().map((span) => span.name)).not.toContain('HybridListener.heard')
  })
})
