export { contextFromEnv, traceEnv } from './environment.ts'
export { messageListener, traceMessage } from './message.ts'
export { traceChildProcesses } from './trace-child-processes.ts'
export type { EnvOptions } from './environment.ts'
export type { TracedMessage } from './message.ts'
export type {
  ChildProcessTracingOptions,
  ProcessActivity,
  TracedChildProcess,
} from './trace-child-processes.ts'
