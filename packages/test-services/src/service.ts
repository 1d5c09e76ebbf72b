/** The servers this package can start. */
export type ServiceName = 'kafka' | 'redis' | 'postgres' | 'nats' | 'rabbitmq' | 'mqtt'

/** All servers, in the order in which they are listed. */
export const serviceNames: readonly ServiceName[] = [
  'kafka',
  'redis',
  'postgres',
  'nats',
  'rabbitmq',
  'mqtt',
]

/** The servers that are started where none is named: those that the usual tests and the demo need. */
export const usualServices: readonly ServiceName[] = ['kafka', 'redis', 'postgres']

/** What a server is called in messages. */
export const titles: Readonly<Record<ServiceName, string>> = {
  kafka: 'Kafka',
  redis: 'Redis',
  postgres: 'PostgreSQL',
  nats: 'NATS',
  rabbitmq: 'RabbitMQ',
  mqtt: 'Mosquitto',
}

/** The environment variable that holds the address of each server. */
export const addressVariables: Readonly<Record<ServiceName, string>> = {
  kafka: 'KAFKA_BROKERS',
  redis: 'REDIS_URL',
  postgres: 'DATABASE_URL',
  nats: 'NATS_URL',
  rabbitmq: 'AMQP_URL',
  mqtt: 'MQTT_URL',
}

/** How a server's process ended. */
export interface ServiceExit {
  /** Exit status as a shell reports it: 137 after SIGKILL. */
  readonly status: number
  /** Last lines of the server's log. */
  readonly logTail: string
}

/** One server that answers. */
export interface RunningService {
  readonly name: ServiceName
  /** A URL such as `redis://127.0.0.1:port`; for Kafka `127.0.0.1:port`. */
  readonly address: string
  /** The way it was started, such as `environment` or `program on this machine`. */
  readonly how: string
  /** Process id of the server. Absent when its address came from the environment. */
  readonly pid?: number
  /** Settles when the present process of the server ends, for whatever reason. */
  readonly exited: Promise<ServiceExit>
  /** Ends the server at once with SIGKILL and keeps its data. For fault tests. */
  kill(): Promise<void>
  /** Starts the server again on the same port and data, after ending it if it still runs. */
  restart(): Promise<void>
  /** Ends the server and removes its data. May be called more than once. */
  stop(): Promise<void>
}

/** What every step of a start needs to know. */
export interface StartContext {
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  readonly onProgress: (line: string) => void
}
