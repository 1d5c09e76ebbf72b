import { context, type Attributes } from '@opentelemetry/api'
import type { Original, QueryTracer } from './query-tracer.ts'
import { serverAttributes, serverOfPool, type ServerFacts } from './server.ts'

// Shared by copies of this package (ESM beside CommonJS), so that none of them wraps what another one did.
const kTraced: unique symbol = Symbol.for('@throughline/clients/pg') as never

interface ClientState {
  /** The next query belongs to a `pool.query`, which has the span. */
  isPools: boolean
}

interface Client extends ServerFacts {
  query: unknown
  [kTraced]?: ClientState
}

/** A pool as far as it is used here. */
export interface Pool {
  query: unknown
  connect: unknown
  on(event: 'acquire', listener: (client: Client) => void): unknown
  readonly options?: unknown
}

export function isTraced(target: object): boolean {
  return kTraced in target
}

/** Wraps a client's `query`, once. */
export function wrapClient(client: Client, tracer: QueryTracer): void {
  if (isTraced(client)) return
  const state: ClientState = { isPools: false }
  const server = serverAttributes(client)
  mark(client, state)
  replace(client, 'query', (query) => {
    return function (this: unknown, ...args: unknown[]): unknown {
      if (!state.isPools) return tracer.run(this, query, args, server)
      state.isPools = false
      return query.apply(this, args)
    }
  })
}

/** Wraps a pool's `query` and `connect`, and each client when it is handed out. */
export function wrapPool(pool: Pool, tracer: QueryTracer): void {
  let server: Attributes = serverAttributes(serverOfPool(pool.options))
  let isQuery = false
  mark(pool, {})
  pool.on('acquire', (client) => {
    if (isTraced(client)) return
    wrapClient(client, tracer)
    server = serverAttributes(client)
  })
  replace(pool, 'connect', (connect) => {
    return function (this: unknown, ...args: unknown[]): unknown {
      const [callback] = args
      if (typeof callback !== 'function') return connect.apply(this, args)
      const bound = isQuery
        ? forPoolQuery(callback as Original)
        : context.bind(context.active(), callback)
      isQuery = false
      return connect.call(this, bound)
    }
  })
  replace(pool, 'query', (query) => {
    // pg calls `connect` before it returns, so this tells its call from all others.
    const queryOfPool: Original = function (this: unknown, ...args) {
      isQuery = true
      try {
        return query.apply(this, args)
      } finally {
        isQuery = false
      }
    }
    return function (this: unknown, ...args: unknown[]): unknown {
      return tracer.run(this, queryOfPool, args, server)
    }
  })
}

/**
 * `pool.query` waits for a connection and then calls `client.query`, in the context of whoever gave the connection back:
 * that call gets no span of its own, neither there nor here.
 */
function forPoolQuery(callback: Original): Original {
  return function (this: unknown, ...args) {
    const state = (args[1] as Client | undefined)?.[kTraced]
    if (state) state.isPools = true
    try {
      return callback.apply(this, args)
    } finally {
      if (state) state.isPools = false
    }
  }
}

function mark(target: object, state: object): void {
  Object.defineProperty(target, kTraced, { value: state })
}

/** Puts a wrapper in the place of a method, with its name and arity. */
function replace(target: object, method: string, wrap: (original: Original) => Original): void {
  const original = (target as Record<string, Original>)[method]!
  const wrapper = wrap(original)
  Object.defineProperty(wrapper, 'name', { value: original.name, configurable: true })
  Object.defineProperty(wrapper, 'length', { value: original.length, configurable: true })
  Object.defineProperty(target, method, { value: wrapper, writable: true, configurable: true })
}
