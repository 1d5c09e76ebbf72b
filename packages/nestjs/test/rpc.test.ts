import { EventEmitter, once } from 'node:events'
import { connect } from 'node:net'
import { trace } from '@opentelemetry/api'
import { Controller, Get } from '@nestjs/common'
import { Client, ServerTCP, Transport, type ClientProxy } from '@nestjs/microservices'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { firstValueFrom } from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { TracingModule, type RpcMessage, type TracingModuleOptions } from '../src/index.ts'
import { freePort, startRpc, type RunningRpc } from './rpc-app.ts'
import { describeTransport } from './rpc-cases.ts'
import { startApp } from './shop-app.ts'

let tracing: TestTracing

beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

describe('over TCP', () => {
  let running: RunningRpc

  beforeAll(async () => {
    const options = { host: '127.0.0.1', port: await freePort() }
    running = await startRpc(
      { transport: Transport.TCP, options },
      { transport: Transport.TCP, options },
    )
  })
  afterAll(() => running.close())

  describeTransport(
    'tcp',
    () => tracing,
    () => running,
  )
})

describe('options', () => {
  async function emit(options: TracingModuleOptions): Promise<unknown> {
    const tcp = { transport: Transport.TCP, options: { host: '127.0.0.1', port: await freePort() } }
    const handled = new EventEmitter()
    const inside = once(handled, 'event')
    const seen = () => handled.emit('event', trace.getActiveSpan()?.spanContext().spanId)
    const running = await startRpc(tcp as never, tcp as never, options, seen)
    try {
      running.client.emit('order.placed', 'o-1')
      return (await inside)[0]
    } finally {
      await running.close()
    }
  }

  it('a message that is ignored has no span, nor has what it does', async () => {
    const messages: RpcMessage[] = []
    const ignore = (message: RpcMessage) => messages.push(message) > 0
    await emit({ rpc: { ignore } })
    await tracing.waitForSpans(1)
    expect(tracing.tree()).toBe('send order.placed [PRODUCER]')
    expect(messages).toMatchObject([{ transport: 'tcp', pattern: 'order.placed', isEvent: true }])
  })

  it('an event may start a trace of its own that links to its sender', async () => {
    await emit({ rpc: { relation: 'link' } })
    await tracing.waitForSpans(3)
    const consumer = tracing.span('process order.placed')
    expect(consumer.traceId).not.toBe(tracing.span('send order.placed').traceId)
    expect(consumer.links).toMatchObject([{ spanId: tracing.span('send order.placed').spanId }])
  })

  it('messages may be left out altogether', async () => {
    expect(await emit({ rpc: { enabled: false } })).toBeUndefined()
    expect(tracing.spans()).toEqual([])
  })

  it('handlers may be left out', async () => {
    const inside = await emit({ handlers: false })
    await tracing.waitForSpans(2)
    expect(inside).toBe(tracing.span('process order.placed').spanId)
  })
})

it('a client of @Client() is traced as one that a module provides', async () => {
  const options = { host: '127.0.0.1', port: await freePort() }
  const tcp = { transport: Transport.TCP as const, options }

  @Controller('shop')
  class ShopController {
    @Client(tcp)
    readonly stock!: ClientProxy

    @Get()
    count(): unknown {
      return this.stock.send('stock.count', 'pears')
    }
  }
  const running = await startRpc(tcp, tcp)
  const shop = await startApp({
    imports: [TracingModule.forRoot()],
    controllers: [ShopController],
  })
  try {
    expect(await (await fetch(`${shop.url}/shop`)).text()).toBe('5')
    await tracing.waitForSpans(5)
    expect(tracing.tree()).toBe(
      [
        'GET /shop [SERVER]',
        '  ShopController.count [INTERNAL]',
        '    stock.count [CLIENT]',
        '      stock.count [SERVER]',
        '        StockController.count [INTERNAL]',
      ].join('\n'),
    )
  } finally {
    await shop.close()
    await running.close()
  }
})

it('hooks that a server has already still run, inside of the message', async () => {
  const options = { host: '127.0.0.1', port: await freePort() }
  const strategy = new ServerTCP(options)
  const seen: unknown[] = []
  strategy.setOnProcessingStartHook((_transport, _context, done) => {
    seen.push(trace.getActiveSpan()?.spanContext().spanId)
    return done()
  })
  strategy.setOnProcessingEndHook(() => seen.push('end'))
  const running = await startRpc({ strategy }, { transport: Transport.TCP, options })
  try {
    expect(await firstValueFrom(running.client.send('stock.count', 'pears'))).toBe(5)
    const spans = await tracing.waitForSpans(3)
    const server = spans.find(({ kind }) => kind === 'SERVER')
    expect(seen).toEqual([server?.spanId, 'end'])
  } finally {
    await running.close()
  }
})

it('a message whose context nobody can read starts a new trace', async () => {
  const port = await freePort()
  const tcp = { transport: Transport.TCP, options: { host: '127.0.0.1', port } }
  const running = await startRpc(tcp as never, tcp as never)
  try {
    const packet = JSON.stringify({ pattern: 'stock.count', data: 'a', id: '1', metadata: 'x' })
    const socket = connect(port, '127.0.0.1')
    socket.write(`${packet.length}#${packet}`)
    await once(socket, 'data')
    socket.destroy()
    await tracing.waitForSpans(2)
    expect(tracing.span('stock.count').parentSpanId).toBeUndefined()
  } finally {
    await running.close()
  }
})
