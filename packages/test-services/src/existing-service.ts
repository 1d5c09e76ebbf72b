import { setTimeout as wait } from 'node:timers/promises'
import { answer } from './answer.ts'
import { ServiceError } from './service-error.ts'
import { addressVariables, titles, type RunningService, type ServiceName } from './service.ts'

/**
 * A server somebody else runs: it is used, and left alone. It may be starting still, so it has
 * some milliseconds of patience to answer.
 */
export async function existingService(
  name: ServiceName,
  address: string,
  signal: AbortSignal,
  patience: number = 10_000,
): Promise<RunningService> {
  const limit = performance.now() + patience
  for (;;) {
    signal.throwIfAborted()
    const problem = await answer[name](address).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (problem === undefined) break
    if (performance.now() >= limit) throw unanswered(name, address, problem)
    await wait(100)
  }
  const refuse = async (): Promise<void> => {
    throw new Error(`${titles[name]} came from the environment and is not ours to end`)
  }
  return {
    name,
    address,
    how: 'environment',
    exited: new Promise(() => {}),
    kill: refuse,
    restart: refuse,
    stop: async () => {},
  }
}

function unanswered(name: ServiceName, address: string, cause: unknown): ServiceError {
  const variable = addressVariables[name]
  const reason = cause instanceof Error && cause.message ? cause.message : String(cause)
  const problem = `does not answer at the address in ${variable}.`
  const how = `environment, ${variable}=${withoutPassword(address)}`
  return new ServiceError('ERR_SERVICES_ADDRESS', name, problem, [{ how, reason }], { cause })
}

function withoutPassword(address: string): string {
  return address.replace(/\/\/([^/@]*):[^/@]*@/, '//$1:***@')
}
