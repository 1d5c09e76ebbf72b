import type { Attributes } from '@opentelemetry/api'
import { ATTR, guard } from '@throughline/core/integration'

/** The part of kafkajs's inner cluster object that says who is connected to what. */
interface ClusterLike {
  readonly brokerPool?: {
    readonly metadata?: { readonly clusterId?: unknown } | null
    readonly seedBroker?: { readonly connectionPool?: { readonly clientId?: unknown } }
  }
}

type CreateCluster = (...args: unknown[]) => ClusterLike

/**
 * Who a producer or consumer is, and which cluster it talks to. kafkajs tells neither, so they are read off its cluster
 * object once it is connected: no request is made for it, and where it has another shape the attributes are left out.
 */
export class ClientIdentity {
  #clientId: string | undefined
  #clusterId: string | undefined
  #cluster: ClusterLike | undefined

  constructor(clientId: string | undefined, clusterId: string | undefined) {
    this.#clientId = clientId
    this.#clusterId = clusterId
  }

  addTo(attributes: Attributes): void {
    if (this.#cluster) guard('Reading the id of a cluster', readCluster, this, this.#cluster)
    if (this.#clientId !== undefined) attributes[ATTR.messagingClientId] = this.#clientId
    if (this.#clusterId !== undefined) attributes[ATTR.kafkaClusterId] = this.#clusterId
  }

  /** The same, for a client that is made by `make`: the cluster object that `kafka` makes for it is noted. */
  watch<T>(kafka: object, make: () => T): { readonly made: T; readonly identity: ClientIdentity } {
    const identity = new ClientIdentity(this.#clientId, this.#clusterId)
    return { made: identity.#watch(kafka, make), identity }
  }

  #watch<T>(kafka: object, make: () => T): T {
    const holder = kafka as Record<symbol, CreateCluster>
    const symbol = Object.getOwnPropertySymbols(kafka).find(isCreateCluster)
    const create = symbol && holder[symbol]
    if (!symbol || typeof create !== 'function' || Object.isFrozen(kafka)) return make()
    holder[symbol] = (...args) => (this.#cluster = create.apply(kafka, args))
    try {
      return make()
    } finally {
      holder[symbol] = create
    }
  }

  /** @internal */
  read({ brokerPool }: ClusterLike): void {
    const clientId = brokerPool?.seedBroker?.connectionPool?.clientId
    if (typeof clientId === 'string') this.#clientId ??= clientId
    const clusterId = brokerPool?.metadata?.clusterId
    if (typeof clusterId !== 'string' || clusterId === '') return
    this.#clusterId ??= clusterId
    this.#cluster = undefined
  }
}

function readCluster(identity: ClientIdentity, cluster: ClusterLike): void {
  identity.read(cluster)
}

function isCreateCluster({ description }: symbol): boolean {
  return description === 'private:Kafka:createCluster'
}
