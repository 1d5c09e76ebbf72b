import type { TextMapSetter } from '@opentelemetry/api'
import type { FetchUrl } from './options.ts'

/** What is used of undici's own request: the same in undici 6, 7 and 8. */
export interface UndiciRequest {
  readonly origin: string | URL
  /** With a leading slash; a whole URL where a plain-text proxy is asked. */
  readonly path: string
  readonly method: string
  /** Names and values in turn. */
  readonly headers: readonly unknown[]
  addHeader(name: string, value: string): unknown
}

export interface CreateMessage {
  readonly request: UndiciRequest
}

export interface HeadersMessage {
  readonly request: UndiciRequest
  readonly response: { readonly statusCode: number; readonly headers: readonly unknown[] }
}

export interface ErrorMessage {
  readonly request: UndiciRequest
  readonly error: unknown
}

/** Where the request goes in the end, also when a proxy takes it there. */
export function urlOf({ origin, path, method }: UndiciRequest): FetchUrl {
  const url = path.startsWith('http') ? URL.parse(path) : null
  if (url) return { origin: url.origin, path: url.pathname + url.search, method }
  return { origin: typeof origin === 'string' ? origin : origin.origin, path, method }
}

/** Adds headers to a request, none of them twice. */
export const requestSetter: TextMapSetter<UndiciRequest> = {
  set(request, name, value) {
    if (findHeader(request.headers, name) === undefined) request.addHeader(name, value)
  },
}

/** The value of a header in a list of names and values, of text or bytes. The name is given in lower case. */
export function findHeader(headers: readonly unknown[], name: string): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const key = headers[at] as string | Uint8Array
    if (key.length !== name.length || key.toString().toLowerCase() !== name) continue
    return (headers[at + 1] as string | Uint8Array).toString()
  }
  return undefined
}

/** undici aborts the request with this text when nobody holds the response any more. */
const RESPONSE_COLLECTED = 'Response object has been garbage collected'

export function isResponseCollected(error: unknown): boolean {
  return error === RESPONSE_COLLECTED
}

/** Whether the caller cancelled the body; the reason of an `AbortController` has another text or class. */
export function isBodyCancelled(error: unknown): boolean {
  return error instanceof DOMException && error.message === 'The operation was aborted.'
}
