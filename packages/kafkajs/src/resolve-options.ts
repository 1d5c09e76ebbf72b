import { ProxyTracerProvider } from '@opentelemetry/api'
import {
  checkChoice,
  checkOption,
  InvalidOptionError,
  resolveTracing,
  type Tracing,
} from '@throughline/core/integration'
import { ClientIdentity } from './client-identity.ts'
import { RELATIONS } from './hooks.ts'
import type { KafkaTracing, KafkaTracingOptions } from './options.ts'
import { SCOPE } from './scope.ts'

/** Checks the options and resolves them, once, at set-up. */
export function resolveKafkaTracing(owner: string, options: KafkaTracingOptions): KafkaTracing {
  checkOptions(owner, options)
  const { spanName, attributes, keySerializer } = options
  const tracing = resolveTracing(SCOPE, owner, options)
  const settling = settlingOf(tracing, options.settle === true)
  return {
    ...tracing,
    ...(spanName && { spanName }),
    ...(attributes && { attributes }),
    ...(keySerializer && { keySerializer }),
    ...(settling && { settling }),
    identity: new ClientIdentity(options.clientId, options.clusterId),
    ignore: ignoreOf(options.ignore),
    captureKey: options.captureKey ?? true,
    perMessage: options.perMessage ?? 'none',
    existingContext: options.existingContext ?? 'auto',
    capturePlacement: options.capturePlacement ?? false,
    relation: options.relation ?? 'parent',
    headerKeys: (options.captureHeaders ?? []).map((name) => [name, `messaging.header.${name}`]),
  }
}

function checkOptions(owner: string, options: KafkaTracingOptions): void {
  for (const name of ['spanName', 'attributes', 'keySerializer'] as const) {
    checkOption(owner, name, options[name], 'function')
  }
  for (const name of ['captureKey', 'capturePlacement', 'settle'] as const) {
    checkOption(owner, name, options[name], 'boolean')
  }
  checkOption(owner, 'clientId', options.clientId, 'string')
  checkOption(owner, 'clusterId', options.clusterId, 'string')
  checkChoice(owner, 'perMessage', options.perMessage, ['none', 'create'])
  checkChoice(owner, 'existingContext', options.existingContext, ['auto', 'preserve', 'replace'])
  const { relation, ignore, captureHeaders } = options
  if (typeof relation !== 'function') checkChoice(owner, 'relation', relation, RELATIONS)
  if (typeof ignore !== 'function') checkTexts(owner, 'ignore', ignore, 'a function or topics')
  checkTexts(owner, 'captureHeaders', captureHeaders, 'a list of header names')
}

function checkTexts(owner: string, name: string, texts: unknown, what: string): void {
  if (texts === undefined) return
  if (Array.isArray(texts) && texts.every((text) => typeof text === 'string')) return
  throw new InvalidOptionError(owner, name, what, texts)
}

function ignoreOf(ignore: KafkaTracingOptions['ignore']): KafkaTracing['ignore'] {
  if (ignore === undefined || typeof ignore === 'function') return ignore
  const topics = new Set(ignore)
  return (topic) => topics.has(topic)
}

/** Where only metrics are on, settlements are measured with spans that no one records. */
function settlingOf(tracing: Tracing, traced: boolean): Tracing | undefined {
  if (traced) return tracing
  return tracing.meter && { ...tracing, tracer: new ProxyTracerProvider().getTracer(SCOPE.name) }
}
