import { Transport, type ClientProvider, type MicroserviceOptions } from '@nestjs/microservices'
import { startServices, type Services } from '@throughline/test-services'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { startRpc, type RunningRpc } from './rpc-app.ts'
import { describeTransport } from './rpc-cases.ts'

let tracing: TestTracing

beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

type Options = MicroserviceOptions & ClientProvider

const BROKERS: readonly ['nats' | 'rabbitmq' | 'mqtt', (url: string) => Options][] = [
  ['nats', (url) => ({ transport: Transport.NATS, options: { servers: [url] } })],
  [
    'rabbitmq',
    (url) => ({
      transport: Transport.RMQ,
      options: { urls: [url], queue: 'stock', queueOptions: { durable: false } },
    }),
  ],
  ['mqtt', (url) => ({ transport: Transport.MQTT, options: { url, protocolVersion: 5 } })],
]

describe.each(BROKERS)('over %s', (name, optionsFor) => {
  let services: Services
  let running: RunningRpc

  // A broker may have to be installed first.
  beforeAll(async () => {
    services = await startServices([name])
    const options = optionsFor(services[name]!.address)
    running = await startRpc(options, options)
  }, 400_000)
  afterAll(async () => {
    await running?.close()
    await services?.stop()
  })

  describeTransport(
    name,
    () => tracing,
    () => running,
  )
})
