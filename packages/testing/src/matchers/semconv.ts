import type { TestSpan } from '../span.ts'
import { toText } from './differences.ts'

/** In what a span departs from the convention that it is of. */
type Rule = (span: TestSpan) => string | false | undefined

/**
 * In what a span departs from the semantic conventions; `undefined` where it is of none that is known here. HTTP is that of
 * version 1.44 (stable), messaging that of 1.44 (development).
 */
export function departures(span: TestSpan): string[] | undefined {
  const rules = rulesFor(span)
  return rules?.map((rule) => rule(span)).filter((text) => typeof text === 'string')
}

function rulesFor({ attributes, kind }: TestSpan): readonly Rule[] | undefined {
  if ('messaging.system' in attributes) return MESSAGING
  if (!('http.request.method' in attributes)) return undefined
  return kind === 'SERVER' ? HTTP_SERVER : HTTP_CLIENT
}

const required =
  (key: string): Rule =>
  ({ attributes }) =>
    attributes[key] === undefined && `lacks ${key}`

const errorHasType: Rule = ({ status, attributes }) =>
  status === 'ERROR' && attributes['error.type'] === undefined && 'is an ERROR without error.type'

const typeHasError: Rule = ({ status, attributes }) =>
  status !== 'ERROR' &&
  attributes['error.type'] !== undefined &&
  'has an error.type and is no ERROR'

// "Span Status MUST be left unset if HTTP status code was in the 1xx, 2xx or 3xx ranges, unless there was another error",
// which then has an `error.type` other than the code; 4xx is an error on a client only.
const statusFrom =
  (limit: number): Rule =>
  ({ status, attributes }) => {
    const code = attributes['http.response.status_code']
    if (code === undefined) return undefined
    if (typeof code !== 'number') return `has an http.response.status_code that is no number`
    if (code >= limit) return status !== 'ERROR' && `answers ${code} and is no ERROR`
    return (
      status === 'ERROR' &&
      attributes['error.type'] === String(code) &&
      `is an ERROR for a status of ${code}`
    )
  }

const METHODS = 'CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT QUERY TRACE _OTHER'.split(' ')

const knownMethod: Rule = ({ attributes }) => {
  const method = attributes['http.request.method']
  return !METHODS.includes(method as string) && `has the unknown method ${toText(method)}`
}

const httpName =
  (target: string): Rule =>
  ({ name, attributes }) => {
    const method = attributes['http.request.method']
    const verb = method === '_OTHER' ? 'HTTP' : textOf(method)
    const value = attributes[target]
    const expected = value === undefined ? verb : `${verb} ${textOf(value)}`
    return name !== expected && `should be named "${expected}"`
  }

const kindIs =
  (...kinds: TestSpan['kind'][]): Rule =>
  ({ kind }) =>
    !kinds.includes(kind) && `is of the kind ${kind}, not ${kinds.join(' or ')}`

const HTTP: readonly Rule[] = [required('http.request.method'), knownMethod, errorHasType]

const HTTP_SERVER: readonly Rule[] = [
  ...HTTP,
  required('url.path'),
  required('url.scheme'),
  httpName('http.route'),
  statusFrom(500),
  typeHasError,
]

const HTTP_CLIENT: readonly Rule[] = [
  ...HTTP,
  kindIs('CLIENT'),
  required('url.full'),
  required('server.address'),
  required('server.port'),
  httpName('url.template'),
  statusFrom(400),
  typeHasError,
]

const MESSAGING_KINDS: Readonly<Record<string, readonly TestSpan['kind'][]>> = {
  create: ['PRODUCER'],
  send: ['PRODUCER', 'CLIENT'],
  receive: ['CLIENT', 'CONSUMER'],
  process: ['CONSUMER'],
  settle: ['CLIENT'],
}

const messagingKind: Rule = (span) => {
  const type = span.attributes['messaging.operation.type']
  if (type === undefined) return undefined
  const kinds = MESSAGING_KINDS[textOf(type)]
  return kinds ? kindIs(...kinds)(span) : `has the unknown operation type ${toText(type)}`
}

const messagingName: Rule = ({ name, attributes }) => {
  const operation = textOf(attributes['messaging.operation.name'])
  const expected = destinationsOf(attributes).map((one) => `${operation} ${one}`)
  if (expected.length !== 1) expected.push(operation)
  return !expected.includes(name) && `should be named "${expected[0]}"`
}

/** What stands for the destination in a name. Where none is known, or a temporary one, the server may stand there, or nothing. */
function destinationsOf(attributes: TestSpan['attributes']): string[] {
  const { 'messaging.destination.template': template, 'messaging.destination.name': name } =
    attributes
  if (template !== undefined) return [textOf(template)]
  const isOwn =
    attributes['messaging.destination.temporary'] !== true &&
    attributes['messaging.destination.anonymous'] !== true
  if (name !== undefined && isOwn) return [textOf(name)]
  const { 'server.address': address, 'server.port': port } = attributes
  return address === undefined ? [] : [`${textOf(address)}:${textOf(port)}`, textOf(address)]
}

const MESSAGING: readonly Rule[] = [
  required('messaging.operation.name'),
  messagingKind,
  messagingName,
  errorHasType,
  typeHasError,
]

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : toText(value)
}
