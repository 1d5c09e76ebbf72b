import { fastifyTracing } from '@throughline/fastify'
import { traceMixin } from '@throughline/core/logging'
import Fastify from 'fastify'
import { settings } from '../settings.ts'

const app = Fastify({ logger: { mixin: traceMixin() }, disableRequestLogging: true })
app.register(fastifyTracing)

app.post('/orders', async (request, reply) => {
  const answer = await fetch(`http://127.0.0.1:${settings.ordersPort}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request.body),
  })
  request.log.info({ status: answer.status }, 'the orders service answered')
  return reply.code(answer.status).send(await answer.json())
})

process.once('SIGTERM', () => void app.close())
await app.listen({ port: settings.gatewayPort, host: '127.0.0.1' })
app.log.info('ready')
