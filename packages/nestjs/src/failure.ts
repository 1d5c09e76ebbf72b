import type { Context } from '@opentelemetry/api'
import type { Operation } from '@throughline/core/integration'
import { activeServerRequest } from '@throughline/core/http'
import { tap, type Observable } from 'rxjs'
import { isExpectedError } from './expected-error.ts'
import { activeRpcCall } from './rpc/rpc-call.ts'

/** Ends an operation by an error: as failed, or with its status unset where the error is an answer. */
export function failOperation(error: unknown, operation: Operation): void {
  if (isExpectedError(error)) operation.end()
  else operation.fail(error)
}

/**
 * The same for what stands between a request and its answer (handler, guard, pipe, interceptor): its error is the
 * request's own, so the server span, or the span of the message, may name it when it ends.
 */
export function failRequest(error: unknown, operation: Operation): void {
  failOperation(error, operation)
  noteFailure(error, operation.context)
}

/** Tells the span of the request, or of the message, what went wrong below it. */
export function noteFailure(error: unknown, active: Context): void {
  activeServerRequest(active)?.fail(error)
  const call = activeRpcCall(active)
  if (!call || call.failed) return
  call.failed = true
  call.error = error
}

/** The same for what comes later, by an Observable. */
export function notingFailure<T>(result: Observable<T>, active: Context): Observable<T> {
  return result.pipe(tap({ error: (error) => noteFailure(error, active) }))
}
