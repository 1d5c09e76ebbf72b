/**
 * Whether an error is an answer rather than a failure: an `HttpException` below 500, an `RpcException` or a
 * `WsException`. Told by their methods, so that a second copy of a Nest package in the tree changes nothing.
 */
export function isExpectedError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  try {
    const { getStatus, getError } = error as { getStatus?: unknown; getError?: unknown }
    if (typeof getStatus === 'function') return Number(getStatus.call(error)) < 500
    return typeof getError === 'function'
  } catch {
    return false
  }
}
