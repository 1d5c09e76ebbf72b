import { DiagLogLevel, diag, type DiagLogger } from '@opentelemetry/api'
import { ExportResultCode, type ExportResult } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ReportingExporter } from '../src/reporting-exporter.ts'

const TARGET = 'http://localhost:4318/v1/traces'
let said: string[]
const listener = Object.fromEntries(
  ['error', 'warn', 'info', 'debug', 'verbose'].map((level) => [
    level,
    (...args: unknown[]) => said.push(`${level}: ${args.slice(1).join(' ')}`),
  ]),
) as unknown as DiagLogger

beforeEach(() => {
  said = []
  diag.setLogger(listener, DiagLogLevel.WARN)
})
afterEach(() => diag.disable())

function exporterThat(answers: ExportResult[]): SpanExporter {
  return {
    export: (_spans, done) => done(answers.shift()!),
    shutdown: () => Promise.resolve(),
  }
}

const refused: ExportResult = {
  code: ExportResultCode.FAILED,
  error: new Error('export failed', {
    cause: new AggregateError([new Error('connect ECONNREFUSED 127.0.0.1:4318')]),
  }),
}
const works: ExportResult = { code: ExportResultCode.SUCCESS }
const spans = [{}, {}] as ReadableSpan[]

test('a failure is said once, with its cause and the way out, and the recovery once', () => {
  const exporter = new ReportingExporter(exporterThat([refused, refused, works, works]), TARGET)
  for (let batch = 0; batch < 4; batch++) exporter.export(spans, () => {})
  expect(said).toHaveLength(2)
  expect(said[0]).toContain(`cannot export spans to ${TARGET}: connect ECONNREFUSED 127.0.0.1:4318`)
  expect(said[0]).toContain('OTEL_EXPORTER_OTLP_ENDPOINT')
  expect(said[1]).toContain('again; 4 were lost meanwhile')
  expect(exporter.lost).toBe(4)
})

test('an exporter that throws is a failed export, and its caller is answered', () => {
  const exporter = new ReportingExporter(
    {
      export() {
        throw new Error('broken exporter')
      },
      shutdown: () => Promise.resolve(),
    },
    TARGET,
  )
  const results: ExportResult[] = []
  exporter.export(spans, (result) => results.push(result))
  expect(results).toEqual([works])
  expect(said[0]).toContain('broken exporter')
})
