import { existingService } from './existing-service.ts'
import { kafkaWays } from './kafka.ts'
import { startFirstWay } from './launch.ts'
import { mosquittoWays } from './mosquitto.ts'
import { natsWays } from './nats.ts'
import { postgresWays } from './postgres.ts'
import { rabbitmqWays } from './rabbitmq.ts'
import { redisWays } from './redis.ts'
import type { Way } from './server-plan.ts'
import {
  addressVariables,
  type RunningService,
  type ServiceName,
  type StartContext,
} from './service.ts'

const ways: Readonly<Record<ServiceName, readonly Way[]>> = {
  kafka: kafkaWays,
  redis: redisWays,
  postgres: postgresWays,
  nats: natsWays,
  rabbitmq: rabbitmqWays,
  mqtt: mosquittoWays,
}

/** Options of `startServices`. All are optional. */
export interface StartServicesOptions {
  /** Receives a line for each longer step, such as a download. */
  readonly onProgress?: (line: string) => void
  /** Stops the start, and with it every server that has been started. */
  readonly signal?: AbortSignal
  /**
   * Where addresses, the `PATH` and the cache folder are looked up.
   * @defaultValue `process.env`
   */
  readonly env?: NodeJS.ProcessEnv
  /**
   * Keeps the servers when the process that forked this one ends. By default they are stopped
   * then, as a test worker lives on for a while after its test run was killed.
   * @defaultValue `false`
   */
  readonly outliveParent?: boolean
}

/** Servers that answer. */
export interface Services extends Readonly<Partial<Record<ServiceName, RunningService>>> {
  /** The addresses of the servers that run, as `KAFKA_BROKERS`, `REDIS_URL`, ... */
  readonly env: Record<string, string>
  /** Stops all servers that were started here, and removes their data. */
  readonly stop: () => Promise<void>
}

/**
 * Starts real servers, or takes those whose address is in the environment. If one fails, the
 * others are stopped and the promise rejects with a `ServiceError` that says what to do. The
 * servers end with this process at the latest, however it ends.
 *
 * @example
 * const { redis, stop } = await startServices(['redis'])
 */
export async function startServices(
  names: readonly ServiceName[],
  options: StartServicesOptions = {},
): Promise<Services> {
  const { env = process.env, onProgress = () => {}, signal } = options
  const failure = new AbortController()
  const all = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal
  const context: StartContext = { env, onProgress, signal: all }
  const orphaned = (): void => {
    failure.abort(new Error('the process that forked this one has ended'))
    void stop()
  }
  if (!options.outliveParent) process.once('disconnect', orphaned)
  const started: RunningService[] = []
  const stop = async (): Promise<void> => {
    process.off('disconnect', orphaned)
    await Promise.all(started.map((service) => service.stop()))
  }
  await Promise.all(
    [...new Set(names)].map(async (name) => {
      try {
        all.throwIfAborted()
        started.push(await startService(name, context))
      } catch (error) {
        failure.abort(error)
      }
    }),
  )
  if (all.aborted) {
    await stop()
    throw all.reason
  }
  const found = started.map((service) => [service.name, service] as const)
  const addresses = started.map(({ name, address }) => [addressVariables[name], address] as const)
  return { ...Object.fromEntries(found), env: Object.fromEntries(addresses), stop }
}

async function startService(name: ServiceName, context: StartContext): Promise<RunningService> {
  const address = context.env[addressVariables[name]]
  if (address) return existingService(name, address, context.signal)
  const start = performance.now()
  const service = await startFirstWay(name, ways[name], context)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  context.onProgress(`${name}: answers at ${service.address} after ${seconds} s (${service.how})`)
  return service
}
