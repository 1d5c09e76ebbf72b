import { ATTR, describeError, guard, type Operation } from '@throughline/core/integration'

/** Ends a query's span once: as failed where there is an error, which may be anything. */
export function endQuery(operation: Operation, error?: unknown): void {
  if (error) guard('Describing an error of pg', failQuery, error, operation)
  operation.end()
}

/** Ends a query's span as failed, by its SQLSTATE where the server answered, else by the error's own code. */
export function failQuery(error: unknown, operation: Operation): void {
  const state = sqlState(error)
  if (state !== undefined) operation.set({ [ATTR.dbResponseStatus]: state })
  if (state === undefined || !quotesValues(state)) return operation.fail(error)
  // The exception would carry the whole message, so only its beginning is noted.
  const [beginning] = describeError(error).message.split('"', 1)
  operation.error({ type: state, message: `${beginning}…` })
  operation.end()
}

/** Data exceptions and syntax errors quote what was sent: a value, or a piece of the statement. */
function quotesValues(state: string): boolean {
  return state.startsWith('22') || state === '42601'
}

function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { code, severity } = error as { code?: unknown; severity?: unknown }
  const isState = typeof severity === 'string' && typeof code === 'string' && code.length === 5
  return isState ? code : undefined
}
