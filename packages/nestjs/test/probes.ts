/** A span that a package made of the application of `fixtures/peer-app.cjs`. */
interface FoundSpan {
  readonly name: string
  readonly kind: string
  readonly traceId: string
  readonly parentId?: string
  readonly ms: number
  readonly isError: boolean
  readonly exceptions: number
  readonly attributes: Readonly<Record<string, unknown>>
}

/** What a package made of it all. */
export interface Found {
  readonly findings: Readonly<Record<string, readonly FoundSpan[]>>
  /** Whether a line of Nest's logger told its trace. */
  readonly logged: boolean
  readonly flushed: boolean
  /** The ways in which options came to its module. */
  readonly options: readonly string[]
  /** The package's own. */
  readonly manifest: { readonly version: string; readonly schematics?: string }
}

export type ProbeName =
  | 'configured'
  | 'methods'
  | 'classes'
  | 'streams'
  | 'handlers'
  | 'observables'
  | 'requests'
  | 'denied'
  | 'unknown'
  | 'enhancers'
  | 'after'
  | 'filters'
  | 'middleware'
  | 'gateways'
  | 'messages'
  | 'events'
  | 'ticks'
  | 'listeners'
  | 'commands'
  | 'scoped'
  | 'answers'
  | 'rejections'
  | 'once'
  | 'start'
  | 'lines'
  | 'flush'
  | 'add'

/** Says what one package does of one row, by what it did. */
export type Probe = (found: Found) => string

const NO = '–'
const yes = (holds: boolean, otherwise: string = NO): string => (holds ? 'yes' : otherwise)

/** The spans of a request (or of the start) that are named so. */
function spans({ findings }: Found, probe: string, name: RegExp = /./): readonly FoundSpan[] {
  return findings[probe]!.filter((span) => name.test(span.name))
}

function isServer({ kind, attributes }: FoundSpan): boolean {
  return kind === 'SERVER' && attributes['http.request.method'] !== undefined
}

/** A span there is, and in the trace of the request that caused it. */
function inRequest(found: Found, probe: string, name: RegExp): string {
  const [span] = spans(found, probe, name)
  if (!span) return NO
  const [request] = spans(found, probe, /^OrdersController/)
  return yes(span.traceId === request?.traceId, 'no context')
}

/** All spans of a name last as long as the work. */
function lasts(found: Found, probe: string, name: RegExp, ms: number): string {
  const all = spans(found, probe, name)
  if (all.length === 0) return NO
  const long = all.filter((span) => span.ms >= ms).length
  if (long === 0) return 'ended early'
  return yes(long === all.length, `${long} of ${all.length} spans`)
}

/** Timers fire a little early, and what they are compared with is measured by another clock. */
const SLACK_MS = 5

/** By what it asks. */
export const PROBES: Readonly<Record<ProbeName, Probe>> = {
  configured: ({ options }) =>
    options.length === 3
      ? 'yes'
      : (options.map((way) => way.replace('use', '').toLowerCase())[0] ?? NO),
  methods: (found) => lasts(found, 'quote', /^Prices\.quote$/, 30 - SLACK_MS),
  classes: (found) => yes(spans(found, 'stockCount', /^Stock\.count$/).length === 1),
  streams: (found) => lasts(found, 'prices$', /^Prices\.stream$/, 30 - SLACK_MS),
  handlers(found) {
    const all = spans(found, 'one', /(^|\.)one$/)
    if (all.length === 0) return NO
    return yes(
      all.length === 1 && all[0]!.kind === 'INTERNAL',
      all.length > 1 ? 'two' : 'as SERVER',
    )
  },
  observables: (found) => lasts(found, 'stream', /stream$/, 50 - SLACK_MS),
  requests: (found) => yes(spans(found, 'one').filter(isServer).length === 1),
  denied(found) {
    const all = spans(found, 'denied')
    if (all.length === 0) return NO
    if (all.some(({ isError }) => isError)) return 'as an error'
    return yes(all.some(isServer), 'the guard alone')
  },
  unknown: (found) => yes(spans(found, 'nothing').some(isServer)),
  enhancers(found) {
    const counts = [/OpenGuard/, /SamePipe/, /SlowInterceptor(\.intercept)?$/].map(
      (name) => spans(found, 'one', name).length,
    )
    if (counts.includes(0)) return NO
    return yes(Math.max(...counts) === 1, 'twice for shared ones')
  },
  after(found) {
    const long = spans(found, 'one', /SlowInterceptor/).find(({ ms }) => ms >= 20 - SLACK_MS)
    return long ? yes(long.name.endsWith('after'), 'in one span') : NO
  },
  filters: (found) => yes(spans(found, 'filtered', /StockFilter/).length === 1),
  middleware: (found) => yes(spans(found, 'one', /TenantMiddleware/).length === 1),
  gateways: (found) => yes(spans(found, 'socket').length === 1),
  messages: (found) => inRequest(found, 'count', /^RpcController\.count$/),
  events: (found) => inRequest(found, 'placed', /^RpcController\.placed$/),
  ticks: (found) => yes(spans(found, 'boot', /^Ticker/).some(({ parentId }) => !parentId)),
  listeners: (found) => inRequest(found, 'event', /^Mailer/),
  commands: (found) => inRequest(found, 'command', /^PlaceOrderHandler/),
  scoped: (found) => yes(spans(found, 'basketTotal', /^Basket\.total$/).length === 1),
  answers(found) {
    const all = spans(found, 'unpaid')
    return all.length > 0 ? yes(!all.some(({ isError }) => isError), 'errors') : NO
  },
  rejections: (found) =>
    yes(spans(found, 'refuse', /^Prices\.refuse$/).some((span) => span.isError)),
  once(found) {
    const recorded = spans(found, 'broken').reduce((sum, { exceptions }) => sum + exceptions, 0)
    return recorded > 1 ? 'twice' : yes(recorded === 1)
  },
  start: (found) => yes(spans(found, 'boot', /Nest App/).length === 1),
  lines: ({ logged }) => yes(logged),
  flush: ({ flushed }) => yes(flushed),
  add: ({ manifest }) => yes(manifest.schematics !== undefined),
}
