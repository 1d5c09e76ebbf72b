import { Transport, type ClientProvider, type MicroserviceOptions } from '@nestjs/microservices'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { MQTT, NATS, RABBITMQ, startBroker, type Broker } from './brokers.ts'
import { startRpc, type RunningRpc } from './rpc-app.ts'
import { describeTransport } from './rpc-cases.ts'

let tracing: TestTracing

beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

type Options = MicroserviceOptions & ClientProvider

const BROKERS: readonly [string, Parameters<typeof startBroker>[0], (port: number) => Options][] = [
  [
    'nats',
    NATS,
    (port) => ({ transport: Transport.NATS, options: { servers: [`nats://127.0.0.1:${port}`] } }),
  ],
  [
    'rabbitmq',
    RABBITMQ,
    (port) => ({
      transport: Transport.RMQ,
      options: {
        urls: [`amqp://127.0.0.1:${port}`],
        queue: 'stock',
        queueOptions: { durable: false },
      },
    }),
  ],
  [
    'mqtt',
    MQTT,
    (port) => ({
      transport: Transport.MQTT,
      options: { url: `mqtt://127.0.0.1:${port}`, protocolVersion: 5 },
    }),
  ],
]

describe.each(BROKERS)('over %s', (name, command, optionsFor) => {
  let broker: Broker
  let running: RunningRpc

  beforeAll(async () => {
    broker = await startBroker(command)
    const options = optionsFor(broker.port)
    running = await startRpc(options, options)
  })
  afterAll(async () => {
    await running?.close()
    await broker?.stop()
  })

  describeTransport(
    name,
    () => tracing,
    () => running,
  )
})
