import { Redis } from 'ioredis'
import { Client } from 'pg'
import { fetchMetadata } from './kafka-metadata.ts'
import type { ServiceName } from './service.ts'

const patience = 1000

/**
 * Asks the server at this address something in its own protocol. Rejects when it does not answer.
 * Resolves to what the server tells of its identity, which is empty when it may not be read.
 */
export const answer: Readonly<Record<ServiceName, (address: string) => Promise<string>>> = {
  kafka: askKafka,
  redis: askRedis,
  postgres: askPostgres,
}

/** The address of a server on this machine. */
export function localAddress(name: ServiceName, port: number): string {
  const host = `127.0.0.1:${port}`
  if (name === 'kafka') return host
  return name === 'redis' ? `redis://${host}` : `postgres://postgres@${host}/postgres`
}

async function askKafka(address: string): Promise<string> {
  const metadata = await Promise.any(
    address.split(',').map((broker) => fetchMetadata(broker, patience)),
  ).catch((error: AggregateError) => Promise.reject(error.errors[0]))
  // A broker answers some milliseconds before it has registered with its controller.
  if (metadata.brokerCount === 0) throw new Error('no broker has registered yet')
  return metadata.clusterId
}

async function askRedis(address: string): Promise<string> {
  const redis = new Redis(address, {
    lazyConnect: true,
    connectTimeout: patience,
    commandTimeout: patience,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  redis.on('error', () => {})
  try {
    await redis.connect()
    await redis.ping()
    const info = await redis.info('server').catch(() => '')
    return /^process_id:(\d+)/m.exec(info)?.[1] ?? ''
  } finally {
    // On a connection that was refused this would set a timer of two seconds.
    if (redis.status !== 'end') redis.disconnect()
  }
}

async function askPostgres(address: string): Promise<string> {
  const client = new Client({
    connectionString: address,
    connectionTimeoutMillis: patience,
    query_timeout: patience,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select 1')
    const query = "select current_setting('data_directory') as folder"
    const result = await client.query<{ folder: string }>(query).catch(() => undefined)
    return result?.rows[0]?.folder ?? ''
  } finally {
    await client.end()
  }
}
