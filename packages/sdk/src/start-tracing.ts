import { ProxyTracerProvider, diag, trace } from '@opentelemetry/api'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { traceClients } from '@throughline/clients'
import { randomSpanId, randomTraceId } from '@throughline/core/integration'
import { propagators } from '@throughline/core/propagation'
import { within } from './deadline.ts'
import { createExporters } from './exporters.ts'
import { startLog } from './log.ts'
import { checkOptions, type StartTracingOptions } from './options.ts'
import { watchProcessEnd } from './process-end.ts'
import { createResource } from './resource.ts'
import { withRecordingTracers } from './span/recording-tracers.ts'
import { SpanLedger, type SpanCounts } from './span-ledger.ts'
import { collectSpanRecords } from './span-records.ts'

/** Tracing that runs. */
export interface RunningTracing {
  /** What became of all spans so far. */
  readonly counts: SpanCounts
  /** Exports what has ended. Bounded by `shutdownTimeoutMs`; never rejects. */
  flush(): Promise<void>
  /** Exports what has ended and stops. Bounded by `shutdownTimeoutMs`; never rejects; the second call is the first's. */
  shutdown(): Promise<void>
}

const kRunning = Symbol.for('@throughline/sdk')
const log = diag.createComponentLogger({ namespace: '@throughline/sdk' })

/**
 * Starts the OpenTelemetry SDK with OTLP export and traces outgoing calls. Call it before anything else, or load
 * `@throughline/sdk/register` with `--import`. A second call answers with what already runs; where another SDK is
 * registered, that one is left in charge.
 *
 * @throws InvalidOptionError for an option that cannot work; nothing else
 */
export function startTracing(options: StartTracingOptions = {}): RunningTracing {
  checkOptions(options)
  const shared = globalThis as { [kRunning]?: RunningTracing }
  return (shared[kRunning] ??= isSdkRegistered() ? leaveInCharge() : start(options))
}

function start(options: StartTracingOptions): RunningTracing {
  const { shutdownTimeoutMs = 3000 } = options
  const resource = createResource(options.serviceName)
  const exporters = createExporters(options.endpoint)
  const ledger = new SpanLedger([...(options.spanProcessors ?? []), ...exporters.processors])
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    textMapPropagator: options.propagator ?? propagators(),
    spanProcessors: [ledger],
    idGenerator: { generateTraceId: randomTraceId, generateSpanId: randomSpanId },
    ...(options.sampler && { sampler: options.sampler }),
    // Traces are what this package is for; other signals run where their variables ask for them.
    ...(process.env['OTEL_LOGS_EXPORTER'] ? {} : { logRecordProcessors: [] }),
    ...(process.env['OTEL_METRICS_EXPORTER'] ? {} : { metricReaders: [] }),
  })
  startLog()
  if (exporters.problem) log.warn(exporters.problem)
  sdk.start()
  makeOwnSpans()
  const stopRecords = collectSpanRecords(resource, (span) => ledger.pass(span))
  const clients = options.clients === false ? undefined : traceClients()

  const flush = async (): Promise<void> => {
    await settle('flush', ledger.forceFlush(), shutdownTimeoutMs)
  }
  const stop = async (): Promise<boolean> => {
    const inTime = await settle('shutdown', sdk.shutdown(), shutdownTimeoutMs)
    unwatch()
    stopRecords()
    clients?.disable()
    sayEnd(ledger, exporters.lost)
    return inTime
  }
  let stopped: Promise<boolean> | undefined
  const shutdown = (): Promise<boolean> => (stopped ??= stop())
  const unwatch = watchProcessEnd({ flush, shutdown }, options.signals !== false)
  return {
    get counts() {
      return ledger.counts
    },
    flush,
    async shutdown() {
      await shutdown()
    },
  }
}

/**
 * Waits, but not for ever, and turns a failure into one line: telemetry must not decide how an application ends. Answers
 * whether the work came to an end.
 */
async function settle(what: string, work: Promise<void>, milliseconds: number): Promise<boolean> {
  try {
    if ((await within(work, milliseconds)) !== 'late') return true
    log.warn(`${what} took longer than ${milliseconds} ms and was given up`)
    return false
  } catch (error) {
    log.warn(`${what} failed`, error)
    return true
  }
}

function sayEnd(ledger: SpanLedger, lost: number): void {
  const counts = { ...ledger.counts, lost }
  if (counts.unended === 0 && lost === 0) return log.info('tracing stopped', counts)
  log.warn('tracing stopped', counts, { neverEnded: ledger.openSpans.slice(0, 10) })
}

/** Has spans made by tracers of ours. A disabled SDK registers no provider, and then what stands there stays. */
function makeOwnSpans(): void {
  const provider = trace.getTracerProvider()
  if (!(provider instanceof ProxyTracerProvider)) return
  const delegate = provider.getDelegate()
  const own = withRecordingTracers(delegate)
  if (own !== delegate) provider.setDelegate(own)
}

function isSdkRegistered(): boolean {
  const provider = trace.getTracerProvider()
  const delegate = provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider
  return delegate.constructor.name !== 'NoopTracerProvider'
}

function leaveInCharge(): RunningTracing {
  startLog()
  log.warn('another OpenTelemetry SDK is registered already; it stays in charge')
  const nothing = (): Promise<void> => Promise.resolve()
  return { counts: { started: 0, ended: 0, unended: 0 }, flush: nothing, shutdown: nothing }
}
