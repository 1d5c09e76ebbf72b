import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from 'kafkajs'
import { ServiceProcess, type LogLine } from './service-process.ts'

const SERVICES = ['gateway', 'orders', 'fulfilment', 'shipping', 'notifications'] as const
const TOPICS = ['order.placed', 'order.retry', 'stock.reserved', 'picklist.made', 'order.shipped']
const STOP_TIMEOUT_MS = 3500

/** The five services, running. */
export class Shop {
  readonly url: string
  readonly services: readonly ServiceProcess[]
  /** Rejects when a service ends although nobody asked it to. */
  readonly failed: Promise<never>
  #stopping = false

  private constructor(url: string, services: readonly ServiceProcess[]) {
    this.url = url
    this.services = services
    this.failed = Promise.race(
      services.map(async (service): Promise<never> => {
        await service.exited
        if (this.#stopping) return new Promise<never>(() => {})
        throw service.failure('ended in the middle of the demo')
      }),
    )
    this.failed.catch(() => {})
  }

  /** Starts the services against the given servers; resolves when all of them are ready. */
  static async start(
    servers: Readonly<Record<string, string>>,
    otlp: string,
    signal: AbortSignal,
  ): Promise<Shop> {
    await createTopics(servers['KAFKA_BROKERS'] ?? '')
    const [gatewayPort, ordersPort] = await Promise.all([freePort(), freePort()])
    const env = {
      ...process.env,
      ...servers,
      GATEWAY_PORT: String(gatewayPort),
      ORDERS_PORT: String(ordersPort),
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp,
      OTEL_BSP_SCHEDULE_DELAY: '200',
      OTEL_LOG_LEVEL: 'info',
      KAFKAJS_NO_PARTITIONER_WARNING: '1',
    }
    const services = SERVICES.map(
      (name) =>
        new ServiceProcess(
          name,
          [
            '--disable-warning=TimeoutNegativeWarning',
            '--import',
            '@throughline/sdk/register',
            mainOf(name),
          ],
          { ...env, OTEL_SERVICE_NAME: name },
        ),
    )
    const shop = new Shop(`http://127.0.0.1:${gatewayPort}`, services)
    try {
      await Promise.race([
        Promise.all(services.map((service) => service.ready)),
        rejectOn(signal),
        shop.failed,
      ])
      return shop
    } catch (error) {
      await shop.stop()
      throw error
    }
  }

  get logs(): LogLine[] {
    return this.services.flatMap((service) => service.logs)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.all(this.services.map((service) => service.stop(STOP_TIMEOUT_MS)))
  }
}

/** Rejects when the signal is aborted: what is raced against it is given up. */
export function rejectOn(signal: AbortSignal): Promise<never> {
  const rejected = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error)
    if (signal.aborted) giveUp()
    else signal.addEventListener('abort', giveUp, { once: true })
  })
  rejected.catch(() => {})
  return rejected
}

function mainOf(name: string): string {
  return fileURLToPath(new URL(`../dist/${name}/main.js`, import.meta.url))
}

async function createTopics(brokers: string): Promise<void> {
  const client = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })
  const admin = client.admin()
  await admin.connect()
  try {
    await admin.createTopics({ topics: TOPICS.map((topic) => ({ topic })), waitForLeaders: true })
  } finally {
    await admin.disconnect()
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
