import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { context, type Context } from '@opentelemetry/api'
import { noteResponse, startClientRequest } from '@throughline/core/http'
import { ATTR, guard, warnOnce, type Operation } from '@throughline/core/integration'
import { injectContext, isTracingSuppressed } from '@throughline/core/propagation'
import type { ClientTracing } from '../client-tracing.ts'
import type { FetchUrl, ResolvedFetchOptions } from './options.ts'
import { isTracedAlready, isTracedTwice } from './other-instrumentation.ts'
import { Redirects } from './redirects.ts'
import { findHeader, isBodyCancelled, isResponseCollected, requestSetter, urlOf } from './undici.ts'
import type { CreateMessage, ErrorMessage, HeadersMessage, UndiciRequest } from './undici.ts'

const STEPPED_ASIDE =
  'traceFetch: another instrumentation traces the requests of fetch already; its spans are used'

/** A request under way. */
interface Exchange {
  readonly operation: Operation
  readonly url: FetchUrl
  readonly caller: Context
  readonly resendCount: number
  status: number | undefined
  answeredAt: number
}

/**
 * Makes a span of each request that undici announces: from its creation, in the context of the caller, to the last byte
 * of the response, or to the error. A response that nobody holds any more ends when it came.
 */
export class FetchTracer implements ClientTracing {
  readonly #options: ResolvedFetchOptions
  readonly #exchanges = new WeakMap<UndiciRequest, Exchange>()
  readonly #redirects = new Redirects()
  #open = 0
  #enabled = false
  #listening = false

  constructor(options: ResolvedFetchOptions) {
    this.#options = options
  }

  enable(): void {
    this.#enabled = true
    this.#listening = true
    subscribe('undici:request:create', this.#onCreate)
    subscribe('undici:request:headers', this.#onHeaders)
    subscribe('undici:request:trailers', this.#onTrailers)
    subscribe('undici:request:error', this.#onError)
  }

  disable(): void {
    if (!this.#enabled) return
    this.#enabled = false
    unsubscribe('undici:request:create', this.#onCreate)
    this.#leave()
  }

  /** Goes on listening after `disable` until the last request under way has ended its span. */
  #leave(): void {
    if (this.#enabled || this.#open > 0 || !this.#listening) return
    this.#listening = false
    unsubscribe('undici:request:headers', this.#onHeaders)
    unsubscribe('undici:request:trailers', this.#onTrailers)
    unsubscribe('undici:request:error', this.#onError)
  }

  // What a subscriber throws would crash the process, so each of them is guarded as a whole.
  readonly #onCreate = (message: unknown): void => {
    guard('Tracing a request of undici', this.#create, message as CreateMessage)
  }

  readonly #onHeaders = (message: unknown): void => {
    guard('Tracing a response of undici', this.#answer, message as HeadersMessage)
  }

  readonly #onTrailers = (message: unknown): void => {
    guard('Tracing the end of a response of undici', this.#complete, message as CreateMessage)
  }

  readonly #onError = (message: unknown): void => {
    guard('Tracing an error of undici', this.#fail, message as ErrorMessage)
  }

  readonly #create = ({ request }: CreateMessage): void => {
    const caller = context.active()
    // CONNECT opens a tunnel through a proxy; the request that goes through it has a span of its own.
    if (request.method === 'CONNECT' || isTracingSuppressed(caller)) return
    const url = urlOf(request)
    const { tracing, ignore } = this.#options
    if (ignore && guard('The hook "ignore"', ignore, url)) return
    if (isTracedAlready(request, caller)) return warnOnce(STEPPED_ASIDE)
    const resendCount = this.#redirects.take(caller, url)
    const operation = startClientRequest(tracing, {
      ...url,
      parent: caller,
      ...(resendCount > 0 && { attributes: { [ATTR.httpResendCount]: resendCount } }),
    })
    const exchange = { operation, url, caller, resendCount, status: undefined, answeredAt: 0 }
    this.#exchanges.set(request, exchange)
    this.#open++
    this.#propagate(request, operation, url.origin)
  }

  /** Leaves a request alone that brings a context of the caller's own. */
  #propagate(request: UndiciRequest, operation: Operation, origin: string): void {
    const { tracing, propagateTo } = this.#options
    if (findHeader(request.headers, 'traceparent') !== undefined) return
    if (propagateTo && !guard('The hook "propagateTo"', propagateTo, origin)) return
    injectContext(tracing, operation.context, request, requestSetter)
  }

  readonly #answer = ({ request, response }: HeadersMessage): void => {
    const exchange = this.#exchanges.get(request)
    // Interim answers (100, 103) come before the real one; 101 is one.
    if (!exchange || (response.statusCode < 200 && response.statusCode !== 101)) return
    const { operation, caller, url, resendCount } = exchange
    if (isTracedTwice(request)) this.#stepAside()
    exchange.status = response.statusCode
    exchange.answeredAt = performance.now()
    noteResponse(operation, response.statusCode)
    this.#redirects.remember(caller, url, response.statusCode, response.headers, resendCount)
  }

  /** Theirs came after ours, so each request would have two spans and the headers of both. */
  #stepAside(): void {
    warnOnce(STEPPED_ASIDE)
    this.disable()
  }

  readonly #complete = ({ request }: CreateMessage): void => {
    const exchange = this.#exchanges.get(request)
    if (!exchange) return
    this.#close(request, exchange, undefined)
    exchange.operation.end()
  }

  readonly #fail = ({ request, error }: ErrorMessage): void => {
    const exchange = this.#exchanges.get(request)
    if (!exchange) return
    const { operation, status, answeredAt } = exchange
    const collected = status !== undefined && isResponseCollected(error)
    // The answer came and its body was not wanted: nothing failed.
    const unwanted = collected || (status !== undefined && isBodyCancelled(error))
    this.#close(request, exchange, unwanted ? undefined : error)
    // A status 4xx or 5xx stays the error that it is, whatever becomes of the body.
    if (!unwanted && (status ?? 0) < 400) operation.fail(error)
    operation.end(collected ? answeredAt : undefined)
  }

  #close(request: UndiciRequest, exchange: Exchange, error: unknown): void {
    const { operation, url, status } = exchange
    this.#exchanges.delete(request)
    this.#open--
    const { attributes } = this.#options
    if (attributes && operation.recording) {
      operation.set(guard('The hook "attributes"', attributes, { ...url, status, error }))
    }
    this.#leave()
  }
}
