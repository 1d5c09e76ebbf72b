import { rm } from 'node:fs/promises'
import { createRunFolder } from './cache-folder.ts'
import { localAddress } from './answer.ts'
import { freePorts } from './free-port.ts'
import type { ServerPlan, Way } from './server-plan.ts'
import { EarlyExit, startProcess } from './server-start.ts'
import { Server } from './server.ts'
import { ServiceError, type Attempt } from './service-error.ts'
import { addressVariables, type ServiceName, type StartContext } from './service.ts'

const portAttempts = 3

/** Starts a server the first way that is open. */
export async function startFirstWay(
  name: ServiceName,
  ways: readonly Way[],
  context: StartContext,
): Promise<Server> {
  const attempts: Attempt[] = [
    { how: 'environment', reason: `${addressVariables[name]} is not set` },
  ]
  for (const way of ways) {
    const { how } = way
    const folder = await createRunFolder(name, context.env)
    let plan: ServerPlan | undefined
    try {
      plan = await way.prepare(context, folder)
      return await launchServer(plan, how, context)
    } catch (error) {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
      context.signal.throwIfAborted()
      attempts.push({ how, reason: error instanceof Error ? error.message : String(error) })
      // A server that is there but broken is to be repaired, and not to be passed over.
      if (plan) {
        throw new ServiceError('ERR_SERVICES_START', name, 'did not start.', attempts, {
          cause: error,
        })
      }
    }
  }
  throw new ServiceError('ERR_SERVICES_NO_WAY', name, 'cannot be started.', attempts)
}

/**
 * Starts a server on free ports. Another program may take a port between the choice and the
 * server's start; then other ports are tried, up to three times in all.
 */
export async function launchServer(
  plan: ServerPlan,
  how: string,
  context: StartContext,
  pickPorts: (count: number) => Promise<number[]> = freePorts,
): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    const ports = await pickPorts(plan.portCount)
    const command = await plan.command(ports)
    const address = localAddress(plan.name, ports[0] ?? 0)
    try {
      const running = await startProcess(plan, command, address, context.env, context.signal)
      return new Server(plan, how, ports, context.env, running)
    } catch (error) {
      if (!(error instanceof EarlyExit && error.portTaken) || attempt === portAttempts) throw error
      context.onProgress(`${plan.name}: port ${ports.join(' or ')} was taken, trying others`)
    }
  }
}
