import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { context } from '@opentelemetry/api'
import type { HttpServerTracer } from '@throughline/core/http'
import { guard } from '@throughline/core/integration'
import type { ResponseHeader } from '../options.ts'
import { startRequest, tellTrace } from '../start-request.ts'
import { BareResponse, asResponse, responseOfSocket, responseOfStream } from './bare-response.ts'
import type { HttpServer } from './http-server.ts'
import {
  TIMED_OUT,
  isUnreadable,
  readRequestLine,
  statusOfRefusal,
  type ClientError,
} from './refused-request.ts'
import { requestOfStream } from './stream-request.ts'

type Emit = (this: unknown, event: string | symbol, ...args: unknown[]) => boolean
type AnySocket = Socket & { readonly _httpMessage?: ServerResponse | null }

/**
 * Traces one server by its own `emit`. A listener could start the span as well, but not make it active for the listeners
 * after it, and a listener for `clientError`, `upgrade` or `checkContinue` changes what Node does when there is none.
 */
export class EmitTracing {
  readonly #server: HttpServer
  readonly #tracer: HttpServerTracer
  readonly #header: ResponseHeader | undefined
  readonly #pass: Emit
  #replaced: PropertyDescriptor | undefined
  #emit: Emit | undefined
  #joins = false

  constructor(
    server: HttpServer,
    tracer: HttpServerTracer,
    responseHeader: ResponseHeader | undefined,
  ) {
    this.#server = server
    this.#tracer = tracer
    this.#header = responseHeader
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
    if (!this.#emit) return this.#pass(event, ...args)
    switch (event) {
      case 'request':
      case 'checkContinue':
      case 'checkExpectation':
        return this.#request(event, args as [IncomingMessage, ServerResponse])
      case 'upgrade':
      case 'connect':
        return this.#upgrade(event, args as [IncomingMessage, Duplex])
      case 'stream':
        return this.#stream(event, args as [ServerHttp2Stream, object])
      case 'dropRequest':
        return this.#drop(event, args as [IncomingMessage, AnySocket])
      case 'clientError':
        return this.#clientError(event, args as [ClientError, AnySocket])
      case 'timeout':
        this.#inFlight(args[0] as AnySocket | undefined)?.timeout()
    }
    return this.#pass(event, ...args)
  }

  #request(event: string, args: [IncomingMessage, ServerResponse]): boolean {
    if (this.#next.__wrapped === true) return this.#enrich(event, args)
    return this.#run(args[0], args[1], event, args)
  }

  /** The listener owns the connection now: the request lasts until it is closed. */
  #upgrade(event: string, args: [IncomingMessage, Duplex]): boolean {
    return this.#run(args[0], responseOfSocket(args[1]), event, args)
  }

  /** Where there are listeners for requests, Node makes a request of the stream. */
  #stream(event: string, args: [ServerHttp2Stream, object]): boolean {
    if (this.#server.listenerCount('request') > 0) return this.#pass(event, ...args)
    const [stream, headers] = args
    return this.#run(requestOfStream(stream, headers), responseOfStream(stream), event, args)
  }

  /** Node is about to answer 503, because the connection has had all the requests that it may have. */
  #drop(event: string, args: [IncomingMessage, AnySocket]): boolean {
    const [request, socket] = args
    const response = socket._httpMessage
    if (response?.req !== request) return this.#pass(event, ...args)
    return this.#run(request, response, event, args)
  }

  #clientError(event: string, args: [ClientError, AnySocket]): boolean {
    const [error, socket] = args
    const broken = this.#inFlight(socket)
    if (broken) {
      if (error.code === TIMED_OUT) broken.timeout()
      else if (isUnreadable(error)) broken.fail(error)
      return this.#pass(event, ...args)
    }
    const request = guard('Reading a request line', readRequestLine, error, socket)
    if (!request) return this.#pass(event, ...args)
    const response = new BareResponse()
    const answerable = socket.writable
    const answered = this.#run(request, asResponse(response), event, args)
    if (!answered && answerable) response.statusCode = statusOfRefusal(error)
    response.emit('close')
    return answered
  }

  /** Runs the listeners with the span of a request active. */
  #run(
    request: IncomingMessage,
    response: ServerResponse,
    event: string,
    args: unknown[],
  ): boolean {
    const traced = startRequest(this.#tracer, request, response)
    if (this.#header && 'setHeader' in response) tellTrace(this.#header, traced, response)
    try {
      return context.with(traced, this.#pass, undefined, event, ...args)
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
    const traced = startRequest(this.#tracer, request, response)
    if (this.#header) tellTrace(this.#header, traced, response)
  }

  /** The request that a socket is answering now. Node's own mark is used: one of ours would outlive the request. */
  #inFlight(socket: AnySocket | undefined) {
    const response = socket?._httpMessage
    return response ? this.#tracer.of(response) : undefined
  }
}
