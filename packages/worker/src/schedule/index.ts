export { traceTick } from './trace-tick.ts'
export type { Tick, TickOptions } from '../tick.ts'
export type { ScheduleTracingOptions } from './trace-tick.ts'
