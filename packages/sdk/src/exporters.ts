import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace'
import { batchSettings } from './batch-settings.ts'
import { ReportingExporter } from './reporting-exporter.ts'

/** Where finished spans go. */
export interface Exporters {
  readonly processors: readonly SpanProcessor[]
  /** Spans that could not be exported so far. */
  readonly lost: number
  /** What cannot be done about `OTEL_TRACES_EXPORTER`, to be said once there is a log. */
  readonly problem: string | undefined
}

type Name = (typeof NAMES)[number]
const NAMES = ['otlp', 'console', 'none'] as const

/**
 * Exporters as `OTEL_TRACES_EXPORTER` names them: a list of `otlp`, which is the default, and `console`. With `none`, spans
 * go nowhere. A name that is not known is left out.
 *
 * @param endpoint - base address of the OTLP receiver, instead of that of the variables
 */
export function createExporters(
  endpoint: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Exporters {
  const names = new Set(listOf(env['OTEL_TRACES_EXPORTER']))
  const unknown = [...names].filter((name) => !isKnown(name))
  const wants = (name: Name): boolean => names.has(name) && !names.has('none')
  const otlp = wants('otlp') ? createOtlpExporter(endpoint, env) : undefined
  return {
    processors: [
      ...(otlp ? [new BatchSpanProcessor({ exporter: otlp, ...batchSettings(env) })] : []),
      ...(wants('console')
        ? [new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() })]
        : []),
    ],
    get lost() {
      return otlp?.lost ?? 0
    },
    problem:
      unknown.length === 0
        ? undefined
        : `OTEL_TRACES_EXPORTER: "${unknown.join('", "')}" is not known here and is left out; known are ${NAMES.join(', ')}`,
  }
}

function createOtlpExporter(
  endpoint: string | undefined,
  env: NodeJS.ProcessEnv,
): ReportingExporter {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces, OTEL_EXPORTER_OTLP_ENDPOINT: base } = env
  const url = endpoint && `${endpoint.replace(/\/$/, '')}/v1/traces`
  const target =
    url ?? traces ?? `${(base ?? 'http://localhost:4318').replace(/\/$/, '')}/v1/traces`
  return new ReportingExporter(new OTLPTraceExporter(url ? { url } : {}), target)
}

function listOf(value: string | undefined): string[] {
  const names = (value ?? '').split(',').map((name) => name.trim())
  const given = names.filter((name) => name !== '')
  return given.length > 0 ? given : ['otlp']
}

function isKnown(name: string): name is Name {
  return (NAMES as readonly string[]).includes(name)
}
