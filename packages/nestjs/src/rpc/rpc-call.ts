import { createContextKey, type Context } from '@opentelemetry/api'
import { contextWith } from '@throughline/core/integration'

/** What became of the handler of one message. Nest's exception filters hide the error itself from the transport. */
export interface RpcCall {
  failed: boolean
  error: unknown
}

const RPC_CALL = createContextKey('@throughline/nestjs/rpc-call')

export function withRpcCall(context: Context, call: RpcCall): Context {
  return contextWith(context, RPC_CALL, call)
}

export function activeRpcCall(context: Context): RpcCall | undefined {
  return context.getValue(RPC_CALL) as RpcCall | undefined
}
