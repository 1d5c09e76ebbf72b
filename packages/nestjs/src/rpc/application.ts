import 'reflect-metadata'
import type { ModulesContainer } from '@nestjs/core'
import { report, type Tracing } from '@throughline/core/integration'
import { ShadowPrototypes } from '../shadow-prototype.ts'
import { clientMethods } from './client-methods.ts'
import { isGrpcClient, loadGrpc } from './grpc-client.ts'
import { metadataMethods } from './incoming-metadata.ts'
import type { RpcTracer } from './rpc-tracer.ts'
import { traceRpcServer } from './server-hooks.ts'

/** Nest tells of its microservice servers since 11.1.4, of those that were made before too. */
interface ServerRegistry {
  getRpcTargetRegistry?(): { subscribe(next: (server: unknown) => void): unknown }
}

/** Traces the messages of all microservice servers of an application, hybrid or not, now or later. */
export function traceRpcServers(modules: ModulesContainer, tracer: RpcTracer): void {
  const shadows = new ShadowPrototypes(metadataMethods)
  const registry: ServerRegistry = modules
  registry.getRpcTargetRegistry?.().subscribe((server) => {
    shadows.apply(server)
    traceRpcServer(server, tracer)
  })
}

/** Traces the clients of microservices that an application's modules provide, and those of `@Client()`. */
export async function traceRpcClients(modules: ModulesContainer, tracing: Tracing): Promise<void> {
  const shadows = new ShadowPrototypes((prototype) => clientMethods(prototype, tracing))
  const instances: unknown[] = [...modules.values()].flatMap(({ providers, controllers }) =>
    [...providers.values(), ...controllers.values()].map((wrapper) => wrapper.instance),
  )
  const clients = [...instances, ...instances.flatMap(ownClients)]
  for (const client of clients) shadows.apply(client)
  if (clients.some(isGrpc)) await loadGrpc().catch((error) => report('Loading gRPC', error))
}

/** The clients that Nest assigned to properties under `@Client()`. */
function ownClients(instance: unknown): unknown[] {
  if (typeof instance !== 'object' || instance === null) return []
  try {
    return Object.keys(instance)
      .filter((key) => Reflect.hasMetadata('microservices:client', instance, key))
      .map((key) => (instance as Record<string, unknown>)[key])
  } catch {
    return [] // a proxy whose traps throw
  }
}

function isGrpc(instance: unknown): boolean {
  try {
    return typeof instance === 'object' && instance !== null && isGrpcClient(instance)
  } catch {
    return false
  }
}
