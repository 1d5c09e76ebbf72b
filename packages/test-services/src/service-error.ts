import { addressVariables, titles, type ServiceName } from './service.ts'

/** Why a service is not there. */
export type ServiceErrorCode =
  /** Every way to start the server is closed. */
  | 'ERR_SERVICES_NO_WAY'
  /** A server was started but ended, or did not answer in time. */
  | 'ERR_SERVICES_START'
  /** An address was given in the environment, but nothing answers there. */
  | 'ERR_SERVICES_ADDRESS'

/** One way to start a server that was tried, and why it failed. */
export interface Attempt {
  readonly how: string
  readonly reason: string
}

const remedies: Readonly<Record<ServiceName, string>> = {
  kafka: 'install Java 17 or newer and Maven (apt-get install default-jre-headless maven)',
  redis: 'install Redis (apt-get install redis-server)',
  postgres: 'install PostgreSQL (apt-get install postgresql)',
  nats: 'install NATS (apt-get install nats-server)',
  rabbitmq: 'install RabbitMQ (apt-get install rabbitmq-server)',
  mqtt: 'install Mosquitto (apt-get install mosquitto)',
}

/** A server could not be started. The message names each way tried and what to do. */
export class ServiceError extends Error {
  readonly code: ServiceErrorCode
  readonly service: ServiceName
  readonly attempts: readonly Attempt[]

  constructor(
    code: ServiceErrorCode,
    service: ServiceName,
    problem: string,
    attempts: readonly Attempt[],
    options?: ErrorOptions,
  ) {
    const tried = attempts.map(({ how, reason }) => `  - ${how}: ${indent(reason)}`)
    const lines = [
      `${titles[service]} ${problem}`,
      ...(tried.length > 0 ? ['Tried, in this order:', ...tried] : []),
      `What to do: ${remedy(code, service)}`,
    ]
    super(lines.join('\n'), options)
    this.name = 'ServiceError'
    this.code = code
    this.service = service
    this.attempts = attempts
  }
}

function remedy(code: ServiceErrorCode, service: ServiceName): string {
  const variable = addressVariables[service]
  if (code === 'ERR_SERVICES_ADDRESS') {
    return `start the server at that address, or unset ${variable} to have one started.`
  }
  return `set ${variable} to a server that runs, or ${remedies[service]}, or start Docker.`
}

function indent(text: string): string {
  return text.trim().replaceAll('\n', '\n      ')
}
