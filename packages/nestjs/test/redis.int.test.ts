import { Transport } from '@nestjs/microservices'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { startRpc, type RunningRpc } from './rpc-app.ts'
import { describeTransport } from './rpc-cases.ts'

let tracing: TestTracing
let running: RunningRpc

beforeAll(async () => {
  tracing = createTestTracing()
  const { hostname: host, port } = new URL(process.env['REDIS_URL']!)
  const redis = { transport: Transport.REDIS as const, options: { host, port: Number(port) } }
  running = await startRpc(redis, redis)
})
afterEach(() => tracing.reset())
afterAll(async () => {
  await running.close()
  await tracing.shutdown()
})

describe('over Redis', () => {
  describeTransport(
    'redis',
    () => tracing,
    () => running,
  )
})
