import {
  DiagLogLevel,
  ROOT_CONTEXT,
  diag,
  propagation,
  trace,
  type DiagLogger,
  type TextMapPropagator,
} from '@opentelemetry/api'
import { InvalidOptionError } from '@throughline/core/integration'
import {
  extractContext,
  headerGetter,
  injectContext,
  originOf,
  originOfRequest,
  propagators,
  type PropagatorsOptions,
} from '@throughline/core/propagation'
import { afterEach, describe, expect, test, vi } from 'vitest'

const A = { trace: 'a'.repeat(32), span: 'a'.repeat(16) }
const B = { trace: 'b'.repeat(32), span: 'b'.repeat(16) }
const w3c = (ids: typeof A) => ({ traceparent: `00-${ids.trace}-${ids.span}-01` })
const b3 = (ids: typeof A) => ({ b3: `${ids.trace}-${ids.span}-1` })
const jaeger = (ids: typeof A) => ({ 'uber-trace-id': `${ids.trace}:${ids.span}:0:1` })

const logged = () => {
  const debug = vi.fn<DiagLogger['debug']>()
  const warn = vi.fn<DiagLogger['warn']>()
  const nothing = (): void => undefined
  const logger = { error: nothing, warn, info: nothing, debug, verbose: nothing }
  diag.setLogger(logger, { suppressOverrideMessage: true, logLevel: DiagLogLevel.DEBUG })
  debug.mockClear() // the api says that it has a logger now
  return { debug, warn }
}

afterEach(() => {
  diag.disable()
  vi.unstubAllEnvs()
})

const read = (options: PropagatorsOptions, headers: object) =>
  extractContext({ propagator: propagators(options) }, { ...headers })
const parentOf = (options: PropagatorsOptions, headers: object) =>
  trace.getSpanContext(read(options, headers))?.traceId

describe('several formats', () => {
  test('are read in order, and the first that is valid wins', () => {
    const both = { ...w3c(A), ...b3(B) }
    expect(parentOf({ extract: ['tracecontext', 'b3'] }, both)).toBe(A.trace)
    expect(parentOf({ extract: ['b3', 'tracecontext'] }, both)).toBe(B.trace)
    const broken = { traceparent: 'garbage', ...b3(B) }
    expect(parentOf({ extract: ['tracecontext', 'b3'] }, broken)).toBe(B.trace)
    expect(parentOf({ extract: ['tracecontext', 'b3'] }, {})).toBeUndefined()
  })

  test('are written all, and not those that are only read', () => {
    const propagator = propagators({ extract: ['b3'], inject: ['tracecontext', 'jaeger'] })
    const context = propagator.extract(ROOT_CONTEXT, b3(A), headerGetter)
    expect(injectContext({ propagator }, context, {})).toEqual({ ...w3c(A), ...jaeger(A) })
    expect(propagator.fields()).toEqual(['traceparent', 'tracestate', 'uber-trace-id', 'b3'])
  })

  test('of one span and one baggage each bring what they have', () => {
    const options: PropagatorsOptions = { extract: ['tracecontext', 'jaeger', 'baggage'] }
    const headers = { ...w3c(A), 'uberctx-a': '1' }
    expect(parentOf(options, headers)).toBe(A.trace)
    const entry = propagation.getBaggage(read(options, headers))?.getEntry('a')
    expect(entry?.value).toBe('1')
    expect(propagation.getBaggage(read(options, { baggage: 'a=2' }))?.getEntry('a')?.value).toBe(
      '2',
    )
  })
})

describe('formats that disagree', () => {
  const options: PropagatorsOptions = { extract: ['tracecontext', 'b3', 'jaeger'] }

  test('make the first the parent, link to the others, and say so in one line', () => {
    const { debug } = logged()
    const caller = read(options, { ...w3c(A), ...b3(B) })
    expect(debug).toHaveBeenCalledOnce()
    expect(debug.mock.calls[0]![0]).toContain(`${A.trace}/${A.span} is the parent`)
    const other = { context: expect.objectContaining({ traceId: B.trace, spanId: B.span }) }
    const winner = { context: expect.objectContaining({ traceId: A.trace, spanId: A.span }) }
    expect(originOfRequest(caller, 'inherit').links).toEqual([other])
    expect(originOfRequest(caller, 'edge').links).toEqual([winner, other])
    expect(originOf(caller, 'parent').links).toEqual([winner, other])
    expect(originOf(caller, 'none').links).toEqual([])
  })

  test('may be three', () => {
    const C = { trace: 'c'.repeat(32), span: 'c'.repeat(16) }
    const caller = read(options, { ...w3c(A), ...b3(B), ...jaeger(C) })
    const ids = originOfRequest(caller, 'inherit').links.map(({ context }) => context.traceId)
    expect(ids).toEqual([B.trace, C.trace])
  })

  test('link no span but the one that they were read with', () => {
    const caller = read(options, { ...w3c(A), ...b3(B) })
    const span = trace.wrapSpanContext({ traceId: A.trace, spanId: B.span, traceFlags: 1 })
    expect(originOfRequest(trace.setSpan(caller, span), 'inherit').links).toEqual([])
  })

  test('do not when they say the same, be it in 64 bits', () => {
    const { debug } = logged()
    const short = { b3: `${A.trace.slice(16)}-${A.span}-1` }
    for (const same of [b3(A), short, jaeger(A)]) {
      expect(originOfRequest(read(options, { ...w3c(A), ...same }), 'inherit').links).toEqual([])
    }
    expect(debug).not.toHaveBeenCalled()
  })
})

describe('OTEL_PROPAGATORS', () => {
  const fieldsFor = (variable: string | undefined) => {
    vi.stubEnv('OTEL_PROPAGATORS', variable)
    return propagators().fields().join(' ')
  }

  test.each([
    [undefined, 'traceparent tracestate baggage'],
    ['', 'traceparent tracestate baggage'],
    ['tracecontext', 'traceparent tracestate'],
    [' b3 , baggage,,b3 ', 'b3 baggage'],
    ['b3multi', 'x-b3-traceid x-b3-spanid x-b3-flags x-b3-sampled x-b3-parentspanid'],
    ['jaeger', 'uber-trace-id'],
    ['xray', 'x-amzn-trace-id'],
    ['ottrace', 'ot-tracer-traceid ot-tracer-spanid ot-tracer-sampled'],
    [
      'datadog',
      'x-datadog-trace-id x-datadog-parent-id x-datadog-sampling-priority x-datadog-tags',
    ],
    ['none', ''],
    ['tracecontext,none', ''],
  ])('%j means the fields %j', (variable, fields) => {
    expect(fieldsFor(variable)).toBe(fields)
  })

  test('warns once of a name that nobody knows, and keeps the others', () => {
    const { warn } = logged()
    expect(fieldsFor('tracecontext,carrier-pigeon')).toBe('traceparent tracestate')
    fieldsFor('tracecontext,carrier-pigeon')
    expect(warn).toHaveBeenCalledOnce()
    expect(warn.mock.calls[0]!.join(' ')).toContain('"carrier-pigeon"')
  })

  test('is not asked where the formats are given', () => {
    vi.stubEnv('OTEL_PROPAGATORS', 'none')
    expect(propagators({ extract: ['b3'], inject: ['b3'] }).fields()).toEqual(['b3'])
  })
})

test.each<[string, object]>([
  ['a name that nobody knows', { extract: ['carrier-pigeon'] }],
  ['none, which is only for the environment', { inject: ['none'] }],
  ['no list', { extract: 'b3' }],
  ['what is no propagator', { inject: [{}] }],
  ['nothing', { inject: [undefined] }],
  ['baggage keys that are no list', { baggageKeys: 'tenant' }],
  ['baggage keys that are no texts', { baggageKeys: [7] }],
  ['a random flag that is no boolean', { randomTraceIds: 'yes' }],
])('%s is refused at set-up', (_, options) => {
  expect(() => propagators(options as PropagatorsOptions)).toThrow(InvalidOptionError)
})

test('a format of your own takes part, and one that throws costs only itself', () => {
  const broken: TextMapPropagator = {
    fields: () => ['broken'],
    extract: () => {
      throw new Error('broken')
    },
    inject: () => {
      throw new Error('broken')
    },
  }
  const propagator = propagators({
    extract: [broken, 'tracecontext'],
    inject: [broken, 'tracecontext'],
  })
  const context = propagator.extract(ROOT_CONTEXT, w3c(A), headerGetter)
  expect(injectContext({ propagator }, context, {})).toEqual(w3c(A))
  expect(propagator.fields()).toContain('broken')
})
