import { Redis } from 'ioredis'
import { Client } from 'pg'
import { greeting } from './greeting.ts'
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
  nats: askNats,
  rabbitmq: askRabbitmq,
  mqtt: askMqtt,
}

/** The address of a server on this machine. */
export function localAddress(name: ServiceName, port: number): string {
  const host = `127.0.0.1:${port}`
  if (name === 'kafka') return host
  if (name === 'postgres') return `postgres://postgres@${host}/postgres`
  return `${name === 'rabbitmq' ? 'amqp' : name}://${host}`
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

async function askNats(address: string): Promise<string> {
  const info = (await greeting(address, undefined, patience)).toString()
  if (!info.startsWith('INFO ')) throw new Error(`${address} is not a NATS server`)
  return /"server_name":"([^"]*)"/.exec(info)?.[1] ?? ''
}

/** The first frame of AMQP 0-9-1 tells the server's properties, and with them the node's name. */
async function askRabbitmq(address: string): Promise<string> {
  const start = await greeting(address, Buffer.from('AMQP\0\0\x09\x01', 'latin1'), patience)
  const isMethod = start[0] === 1
  if (!isMethod) throw new Error(`${address} does not speak AMQP 0-9-1`)
  return start.toString('latin1')
}

/** CONNECT of MQTT 3.1.1 with a clean session and no client id, answered by CONNACK. */
async function askMqtt(address: string): Promise<string> {
  const connect = Buffer.from('\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0', 'latin1')
  const connack = await greeting(address, connect, patience)
  const accepted = connack[0] === 0x20 && connack[3] === 0
  if (!accepted) throw new Error(`${address} does not accept an MQTT client`)
  return ''
}
