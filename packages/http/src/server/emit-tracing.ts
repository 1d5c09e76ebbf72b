import type { IncomingMessage, ServerResponse } from 'node:http'
import { context } from '@opentelemetry/api'
import type { HttpServerTracer } from '@throughline/core/http'
import { guard } from '@throughline/core/integration'
import type { HttpServer } from './http-server.ts'

type Emit = (this: unknown, event: string | symbol, ...args: unknown[]) => boolean

/**
 * Traces one server by its own `emit`. A listener could start the span as well, but not make it active for the listeners
 * after it, and a listener for `clientError`, `upgrade` or `checkContinue` changes what Node does when there is none.
 */
export class EmitTracing {
  readonly #server: HttpServer
  readonly #tracer: HttpServerTracer
  readonly #pass: Emit
  #replaced: PropertyDescriptor | undefined
  #emit: Emit | undefined
  #joins = false

  constructor(server: HttpServer, tracer: HttpServerTracer) {
    this.#server = server
    this.#tracer = tracer
    // Made once: `context.with` would bind a function to its `this` anew for each request.
    this.#pass = (event, ...args) => this.#next.call(server, event, ...args)
  }

  enable(): void {
    const emit: Emit = (event, ...args) => this.#dispatch(event, args)
    this.#emit = emit
    this.#replaced = Object.getOwnPropertyDescriptor(this.#server, 'emit')
    Object.defineProperty(this.#server, 'emit', {
      value: emit,
      writable: true,
      configurable: true,
      enumerable: this.#replaced?.enumerable ?? false,
    })
  }

  disable(): void {
    const server = this.#server as { emit?: unknown }
    this.#server.removeListener('request', this.#join)
    // Where somebody wrapped ours meanwhile, it stays in their chain and only passes on.
    if (server.emit === this.#emit) {
      if (this.#replaced) Object.defineProperty(server, 'emit', this.#replaced)
      else delete server.emit
    }
    this.#emit = undefined
  }

  // Looked up at each event: instrumentation-http may patch the prototype after this server was made.
  get #next(): Emit & { __wrapped?: boolean } {
    return (this.#replaced?.value ?? Object.getPrototypeOf(this.#server).emit) as Emit
  }

  #dispatch(event: string | symbol, args: unknown[]): boolean {
    if (this.#emit) {
      switch (event) {
        case 'request':
        case 'checkContinue':
        case 'checkExpectation':
          return this.#request(event, args as [IncomingMessage, ServerResponse])
      }
    }
    return this.#pass(event, ...args)
  }

  #request(event: string, args: [IncomingMessage, ServerResponse]): boolean {
    if (this.#next.__wrapped === true) return this.#enrich(event, args)
    const [request, response] = args
    const traced = guard('Starting a request', startRequest, this.#tracer, request, response)
    try {
      return context.with(traced ?? context.active(), this.#pass, undefined, event, ...args)
    } catch (error) {
      this.#tracer.of(response)?.fail(error)
      throw error
    }
  }

  /** instrumentation-http makes the span, further in and with the context active: it is joined by a listener. */
  #enrich(event: string, args: unknown[]): boolean {
    if (!this.#joins) {
      this.#joins = true
      this.#server.prependListener('request', this.#join)
    }
    return this.#pass(event, ...args)
  }

  readonly #join = (request: IncomingMessage, response: ServerResponse): void => {
    guard('Joining a request', startRequest, this.#tracer, request, response)
  }
}

const NO_FACTS = {}

function startRequest(
  tracer: HttpServerTracer,
  request: IncomingMessage,
  response: ServerResponse,
) {
  return tracer.start(request, response, NO_FACTS)
}
