export { CurrentSpan } from './current-span.decorator.ts'
export { NoTrace } from './no-trace.decorator.ts'
export { TRACER, TraceService } from './trace.service.ts'
export { Traced } from './traced.decorator.ts'
export { tracingInstrument } from './tracing-instrument.ts'
export { TracingLogger } from './tracing-logger.ts'
export { TRACING_MODULE_OPTIONS } from './tracing-options.ts'
export { TracingModule } from './tracing.module.ts'
export type { TracedOptions } from './traced.decorator.ts'
export type { InstrumentLayer, InstrumentLayers } from './layers.ts'
export type { TracingInstrument, TracingInstrumentOptions } from './tracing-instrument.ts'
export type { RpcMessage } from './rpc/message.ts'
export type {
  RpcTracingOptions,
  TracingModuleAsyncOptions,
  TracingModuleExtras,
  TracingModuleOptions,
  TracingModuleOptionsFactory,
} from './tracing-options.ts'
