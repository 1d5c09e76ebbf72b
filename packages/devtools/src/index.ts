export { startReceiver } from './receiver.ts'
export { TraceStore } from './trace-store.ts'
export { renderWaterfall } from './waterfall.ts'
export type { Receiver, ReceiverOptions } from './receiver.ts'
export type {
  AttributeMap,
  AttributeValue,
  StoredEvent,
  StoredLink,
  StoredScope,
  StoredSpan,
  StoredSpanKind,
  StoredSpanStatus,
  StoredTrace,
} from './stored-span.ts'
export type { TraceStoreOptions, WaitOptions } from './trace-store.ts'
export type { WaterfallOptions } from './waterfall.ts'
