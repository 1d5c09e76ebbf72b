import type { EventEmitter } from 'node:events'
import type { ServerRequest } from '@throughline/core/http'

const answers = new WeakMap<object, ServerRequest>()

/** Notes the error of a stream that is a request's answer: once headers are sent, Fastify calls no hook for it. */
export function watchStream(payload: unknown, traced: ServerRequest): void {
  const stream = payload as (Partial<EventEmitter> & { pipe?: unknown }) | null
  if (typeof stream?.pipe !== 'function' || typeof stream.once !== 'function') return
  answers.set(stream, traced)
  stream.once('error', onError)
}

// One function for all streams: `this` is the stream.
function onError(this: object, error: unknown): void {
  answers.get(this)?.fail(error)
}
