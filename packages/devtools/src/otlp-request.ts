import { readAttributes } from './any-value.ts'
import {
  list,
  milliseconds,
  nanoseconds,
  optionalId,
  record,
  requiredId,
  text,
} from './otlp-field.ts'
import type {
  AttributeMap,
  StoredEvent,
  StoredLink,
  StoredScope,
  StoredSpan,
  StoredSpanKind,
  StoredSpanStatus,
} from './stored-span.ts'

const KINDS: readonly StoredSpanKind[] = [
  'INTERNAL', // unspecified
  'INTERNAL',
  'SERVER',
  'CLIENT',
  'PRODUCER',
  'CONSUMER',
]
const STATUSES: readonly StoredSpanStatus[] = ['UNSET', 'OK', 'ERROR']

/**
 * Reads the spans of an `ExportTraceServiceRequest` in the shape of OTLP/JSON.
 * Throws a `MalformedRequestError` if any of them is invalid: a request is taken whole or not at all.
 */
export function readSpans(request: unknown): StoredSpan[] {
  return list(record(request, 'the body')['resourceSpans'], 'resourceSpans').flatMap((entry) => {
    const resourceSpans = record(entry, 'resourceSpans')
    const resource = readAttributes(record(resourceSpans['resource'], 'resource')['attributes'])
    return list(resourceSpans['scopeSpans'], 'scopeSpans').flatMap((entry) => {
      const scopeSpans = record(entry, 'scopeSpans')
      const scope = readScope(scopeSpans['scope'])
      return list(scopeSpans['spans'], 'spans').map((span) => readSpan(span, resource, scope))
    })
  })
}

function readScope(value: unknown): StoredScope {
  const scope = record(value, 'scope')
  const version = text(scope['version'], 'scope.version')
  return { name: text(scope['name'], 'scope.name'), ...(version !== '' && { version }) }
}

function readSpan(value: unknown, resource: AttributeMap, scope: StoredScope): StoredSpan {
  const span = record(value, 'span')
  const status = record(span['status'], 'status')
  const start = nanoseconds(span['startTimeUnixNano'], 'startTimeUnixNano')
  const end = nanoseconds(span['endTimeUnixNano'], 'endTimeUnixNano')
  const parentSpanId = optionalId(span['parentSpanId'], 8, 'parentSpanId')
  const traceState = text(span['traceState'], 'traceState')
  const statusMessage = text(status['message'], 'status.message')
  return {
    traceId: requiredId(span['traceId'], 16, 'traceId'),
    spanId: requiredId(span['spanId'], 8, 'spanId'),
    ...(parentSpanId !== undefined && { parentSpanId }),
    ...(traceState !== '' && { traceState }),
    service: serviceName(resource),
    scope,
    name: text(span['name'], 'name'),
    kind: oneOf(KINDS, 'SPAN_KIND_', span['kind']),
    status: oneOf(STATUSES, 'STATUS_CODE_', status['code']),
    ...(statusMessage !== '' && { statusMessage }),
    startMs: milliseconds(start),
    durationMs: end > start ? milliseconds(end - start) : 0,
    attributes: readAttributes(span['attributes']),
    links: list(span['links'], 'links').map(readLink),
    events: list(span['events'], 'events').map(readEvent),
    resource,
  }
}

function serviceName(resource: AttributeMap): string {
  const name = resource['service.name']
  return typeof name === 'string' && name !== '' ? name : 'unknown_service'
}

function readLink(value: unknown): StoredLink {
  const link = record(value, 'link')
  return {
    traceId: requiredId(link['traceId'], 16, 'link.traceId'),
    spanId: requiredId(link['spanId'], 8, 'link.spanId'),
    attributes: readAttributes(link['attributes']),
  }
}

function readEvent(value: unknown): StoredEvent {
  const event = record(value, 'event')
  return {
    name: text(event['name'], 'event.name'),
    timeMs: milliseconds(nanoseconds(event['timeUnixNano'], 'event.timeUnixNano')),
    attributes: readAttributes(event['attributes']),
  }
}

/** An enum comes as its number or its name; one that a later OTLP added is read as the first. */
function oneOf<T extends string>(names: readonly T[], prefix: string, value: unknown): T {
  const byName = names.find((name) => prefix + name === value)
  return byName ?? names[Number(value)] ?? (names[0] as T)
}
