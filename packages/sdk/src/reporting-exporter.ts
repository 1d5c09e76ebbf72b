import { diag } from '@opentelemetry/api'
import { ExportResultCode, type ExportResult } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'

const log = diag.createComponentLogger({ namespace: '@throughline/sdk' })

/**
 * Says once, clearly, that spans cannot be exported and what to do about it, and once that it works again with the number
 * of spans that were lost. An exporter that throws is a failed export.
 */
export class ReportingExporter implements SpanExporter {
  readonly #inner: SpanExporter
  readonly #target: string
  #lost = 0
  #failing = false

  constructor(inner: SpanExporter, target: string) {
    this.#inner = inner
    this.#target = target
  }

  /** Spans that could not be exported so far. */
  get lost(): number {
    return this.#lost
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    const finish = (result: ExportResult): void => {
      if (result.code === ExportResultCode.SUCCESS) this.#worked()
      else this.#failed(spans.length, result.error)
      // The failure is said here; the SDK's error handler would say it again, as a stack, for every batch.
      done({ code: ExportResultCode.SUCCESS })
    }
    try {
      this.#inner.export(spans, finish)
    } catch (error) {
      finish({
        code: ExportResultCode.FAILED,
        error: error instanceof Error ? error : new Error(String(error)),
      })
    }
  }

  async forceFlush(): Promise<void> {
    await this.#inner.forceFlush?.()
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown()
  }

  #worked(): void {
    if (!this.#failing) return
    this.#failing = false
    log.warn(`spans are exported to ${this.#target} again; ${this.#lost} were lost meanwhile`)
  }

  #failed(count: number, error: Error | undefined): void {
    this.#lost += count
    if (this.#failing) return
    this.#failing = true
    log.warn(
      `cannot export spans to ${this.#target}: ${reason(error)}. The application goes on; spans are lost until it works. ` +
        'Is a collector listening there? Its address is OTEL_EXPORTER_OTLP_ENDPOINT.',
    )
  }
}

/** The cause says more than the exporter's own error, and an AggregateError of two refused addresses says nothing. */
function reason(error: Error | undefined): string {
  if (!error) return 'unknown reason'
  const { cause, errors, code, message } = error as Error & { errors?: Error[]; code?: unknown }
  if (cause instanceof Error) return reason(cause)
  if (errors?.[0]) return reason(errors[0])
  return message || (typeof code === 'string' ? code : error.name)
}
