import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace'

/** What an SDK does with finished spans by default: batches of OTLP over HTTP, to a collector that takes them all. */
export async function exporting(): Promise<SpanProcessor> {
  const sink = fork(fileURLToPath(new URL('sink.ts', import.meta.url)), { execArgv: [] })
  const [port] = (await once(sink, 'message')) as [number]
  const exporter = new OTLPTraceExporter({ url: `http://127.0.0.1:${port}/v1/traces` })
  return new BatchSpanProcessor({ exporter, maxQueueSize: 100_000 })
}
