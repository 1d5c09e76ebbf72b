import type { TestProject } from 'vitest/node'
import {
  serviceNames,
  titles,
  usualServices,
  type RunningService,
  type ServiceName,
} from './service.ts'
import { startServices } from './services.ts'

declare module 'vitest' {
  /** Addresses of the shared servers, for `inject`. Absent when the server was not asked for. */
  export interface ProvidedContext {
    KAFKA_BROKERS?: string
    REDIS_URL?: string
    DATABASE_URL?: string
  }
}

/**
 * Global setup of vitest: starts the servers once for the whole run, and puts their addresses
 * into the environment that the workers inherit. `THROUGHLINE_SERVICES=redis,kafka` limits which.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const services = await startServices(wanted(process.env.THROUGHLINE_SERVICES), {
    onProgress: report,
  })
  Object.assign(process.env, services.env)
  const { KAFKA_BROKERS, REDIS_URL, DATABASE_URL } = services.env
  project.provide('KAFKA_BROKERS', KAFKA_BROKERS)
  project.provide('REDIS_URL', REDIS_URL)
  project.provide('DATABASE_URL', DATABASE_URL)
  let stopping = false
  for (const name of serviceNames) void reportEnd(services[name], () => stopping)
  return async () => {
    stopping = true
    await services.stop()
    for (const variable of Object.keys(services.env)) delete process.env[variable]
  }
}

function wanted(list: string | undefined): ServiceName[] {
  if (!list) return [...usualServices]
  const names = list.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !serviceNames.includes(name as ServiceName))
  if (unknown === undefined) return names as ServiceName[]
  throw new Error(`THROUGHLINE_SERVICES names "${unknown}"; known are ${serviceNames.join(', ')}`)
}

/** Says so when a shared server dies, or the tests that fail for it would puzzle. */
async function reportEnd(
  service: RunningService | undefined,
  expected: () => boolean,
): Promise<void> {
  if (!service) return
  const { status, logTail } = await service.exited
  if (expected()) return
  report(`${titles[service.name]} ended with status ${status} during the run:\n${logTail}`)
}

function report(line: string): void {
  process.stderr.write(`services: ${line}\n`)
}
