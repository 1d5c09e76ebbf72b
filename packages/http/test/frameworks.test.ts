import 'reflect-metadata'
import { Controller, Get, Param } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { fastifyTracing } from '@throughline/fastify'
import { expressErrors, expressTracing, traceHttpServer } from '@throughline/http'
import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { get } from './servers.ts'
import { useTracing } from './serving.ts'

const { tracing, serve } = useTracing()

test('Fastify on a traced server names the route on the one span', async () => {
  const app = Fastify()
  traceHttpServer(app.server)
  app.register(fastifyTracing)
  app.get('/orders/:id', () => {
    throw new RangeError('no')
  })
  await app.ready()
  await get(`${await serve(app.server)}/orders/7`)
  const [span] = await tracing.waitForSpans(1)
  expect(tracing.spans()).toHaveLength(1)
  expect(span).toMatchObject({
    name: 'GET /orders/:id',
    status: 'ERROR',
    scope: { name: '@throughline/http' },
    attributes: { 'http.route': '/orders/:id', 'error.type': 'RangeError' },
  })
})

test('what Fastify refuses before its hooks is a span of the server: a malformed URL', async () => {
  const app = Fastify()
  traceHttpServer(app.server)
  app.register(fastifyTracing)
  app.get('/orders/:id', () => 'ok')
  await app.ready()
  const { status } = await get(`${await serve(app.server)}/orders/%E0%A4%A`)
  const [span] = await tracing.waitForSpans(1)
  expect(status).toBe(400)
  expect(span).toMatchObject({ name: 'GET', status: 'UNSET' })
  expect(span?.attributes).toMatchObject({
    'http.response.status_code': 400,
    'url.path': '/orders/%E0%A4%A',
  })
})

test('what Fastify refuses before its hooks is a span of the server: 503 while it closes', async () => {
  const app = Fastify({ forceCloseConnections: false })
  traceHttpServer(app.server)
  app.register(fastifyTracing)
  let closing: Promise<unknown> | undefined
  app.addHook('preClose', async () => {
    const { port } = app.server.address() as { port: number }
    const { status } = await get(`http://127.0.0.1:${port}`)
    expect(status).toBe(503)
  })
  await app.ready()
  await serve(app.server)
  closing = app.close()
  await closing
  const [span] = await tracing.waitForSpans(1)
  expect(span).toMatchObject({ name: 'GET', status: 'ERROR' })
  expect(span?.attributes).toMatchObject({ 'error.type': '503', 'http.response.status_code': 503 })
})

class Orders {
  one(id: string): string {
    if (id === 'bad') throw new RangeError('no')
    return id
  }
}
// Decorators by hand: the tests run without compiling them.
Controller('orders')(Orders)
Get(':id')(Orders.prototype, 'one', Object.getOwnPropertyDescriptor(Orders.prototype, 'one')!)
Param('id')(Orders.prototype, 'one', 0)
class AppModule {}
Reflect.defineMetadata('controllers', [Orders], AppModule)

test.each([
  ['7', 200, 'UNSET'],
  ['bad', 500, 'ERROR'],
])('Nest on Express names its routes: /orders/%s is %i', async (id, status, outcome) => {
  const app = await NestFactory.create(AppModule, { logger: false })
  app.use(expressTracing())
  app.use(expressErrors())
  traceHttpServer(app.getHttpServer())
  await app.init()
  const answer = await get(`${await serve(app.getHttpServer())}/orders/${id}`)
  const [span] = await tracing.waitForSpans(1)
  await app.close()
  expect(answer.status).toBe(status)
  expect(tracing.spans()).toHaveLength(1)
  expect(span).toMatchObject({ name: 'GET /orders/:id', status: outcome })
})
