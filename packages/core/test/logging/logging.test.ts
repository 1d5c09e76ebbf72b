import { Writable } from 'node:stream'
import { ROOT_CONTEXT, context, propagation, trace } from '@opentelemetry/api'
import { InvalidOptionError } from '@throughline/core/integration'
import {
  jsonConsole,
  traceChild,
  traceFields,
  traceFormat,
  traceMixin,
  type LogOptions,
} from '@throughline/core/logging'
import { createTestTracing } from '@throughline/testing'
import fc from 'fast-check'
import { pino } from 'pino'
import { pino as pino9 } from 'pino-9'
import { afterAll, describe, expect, test } from 'vitest'
import { createLogger, format, transports } from 'winston'

const tracing = createTestTracing()
afterAll(() => tracing.shutdown())

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = 'ffffffffffffffff'
const active = (traceFlags: number) =>
  trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE, spanId: SPAN, traceFlags })

describe('the fields of a line', () => {
  test('are those of OpenTelemetry by default', () => {
    const fields = { trace_id: TRACE, span_id: SPAN, trace_flags: '01' }
    expect(context.with(active(1), traceFields)).toEqual(fields)
  })

  test.each([
    [0, '00'],
    [3, '03'],
    [255, 'ff'],
  ])('write flags %i in two digits', (flags, digits) => {
    expect(context.with(active(flags), traceFields)).toHaveProperty('trace_flags', digits)
  })

  test.each([
    ['ecs', { 'trace.id': TRACE, 'span.id': SPAN }],
    [
      'gcp',
      {
        'logging.googleapis.com/trace': TRACE,
        'logging.googleapis.com/spanId': SPAN,
        'logging.googleapis.com/trace_sampled': true,
      },
    ],
    // The lower 64 bits in decimal: more than a double can hold exactly.
    ['datadog', { dd: { trace_id: '11803532876627986230', span_id: '18446744073709551615' } }],
  ] as const)('are those of %s', (preset, fields) => {
    expect(context.with(active(1), () => traceFields(preset))).toEqual(fields)
  })

  test('say that an unsampled trace is not sampled', () => {
    expect(context.with(active(2), () => traceFields('gcp'))).toMatchObject({
      'logging.googleapis.com/trace_sampled': false,
    })
  })

  test('are none where no span is active', () => {
    expect(traceFields()).toEqual({})
  })
})

test.each([traceMixin, traceFormat, jsonConsole])(
  'a preset that there is not is refused at set-up',
  (create) => {
    expect(() => create('splunk' as never)).toThrow(InvalidOptionError)
    expect(() => create('splunk' as never)).toThrow(
      `${create.name}: option "preset" must be 'otel' or 'ecs' or 'gcp' or 'datadog', got "splunk"`,
    )
  },
)

function collect() {
  const texts: string[] = []
  const lines: Record<string, unknown>[] = []
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      texts.push(chunk.toString())
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>)
      done()
    },
  })
  return { texts, lines, stream }
}

describe.each([
  ['pino 10', pino],
  ['pino 9', pino9 as unknown as typeof pino],
])('the lines of %s', (_, create) => {
  const ids = { trace_id: TRACE, span_id: SPAN, trace_flags: '01' }

  test("carry the ids of the active span, child loggers' too", () => {
    const { lines, stream } = collect()
    const log = create({ mixin: traceMixin() }, stream)
    context.with(active(1), () => log.info({ order: 7 }, 'inside'))
    context.with(active(1), () => log.child({ part: 'child' }).info('inside'))
    log.info('outside')
    expect(lines[0]).toMatchObject({ msg: 'inside', order: 7, ...ids })
    expect(lines[1]).toMatchObject({ part: 'child', ...ids })
    expect(lines[2]).not.toHaveProperty('trace_id')
  })

  test('of a pre-bound child carry its ids, whatever is active', () => {
    const { texts, lines, stream } = collect()
    const child = context.with(active(1), () => traceChild(create(stream)))
    child.info('outside')
    context.with(active(1), () => child.info('inside'))
    expect(lines).toMatchObject([ids, ids])
    expect(texts.map((text) => text.split('span_id').length - 1)).toEqual([1, 1])
  })

  test('of a pre-bound child get a span id only where it differs', () => {
    const { texts, lines, stream } = collect()
    const log = create({ mixin: traceMixin() }, stream)
    const child = context.with(active(1), () => traceChild(log))
    const grandchild = child.child({ part: 'further in' })
    const inner = trace.setSpanContext(ROOT_CONTEXT, { ...INNER, traceId: TRACE })
    const other = trace.setSpanContext(ROOT_CONTEXT, INNER)
    context.with(active(1), () => child.info('inside'))
    context.with(inner, () => grandchild.info('further in'))
    context.with(other, () => child.info('elsewhere'))
    child.info('outside')
    log.info('parent')
    expect(lines).toMatchObject([ids, { ...ids, span_id: INNER.spanId }, ELSEWHERE, ids, {}])
    const counts = (field: string) => texts.map((text) => text.split(`"${field}"`).length - 1)
    expect(counts('span_id')).toEqual([1, 2, 2, 1, 0])
    expect(counts('trace_id')).toEqual([1, 1, 2, 1, 0])
  })

  test('of a child that was bound where nothing was active are those of its parent', () => {
    const log = create(collect().stream)
    expect(traceChild(log)).toBe(log)
  })
})

const INNER = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 0 }
const ELSEWHERE = { trace_id: INNER.traceId, span_id: INNER.spanId, trace_flags: '00' }

describe('baggage', () => {
  const baggage = propagation.createBaggage({
    tenant: { value: 'shop' },
    email: { value: 'bob@example.com' },
  })
  const withBaggage = propagation.setBaggage(active(1), baggage)
  const fieldsOf = (options: LogOptions) => context.with(withBaggage, () => traceFields(options))

  test('is not written by default', () => {
    expect(JSON.stringify(context.with(withBaggage, () => traceFields()))).not.toContain('shop')
  })

  test.each<[LogOptions['baggage'], object]>([
    [['tenant', 'absent'], { tenant: 'shop' }],
    [{ tenant: 'tenant.id' }, { 'tenant.id': 'shop' }],
  ])('is written as far as %j lists it', (listed, fields) => {
    const { trace_id: _, span_id: __, trace_flags: ___, ...rest } = fieldsOf({ baggage: listed! })
    expect(rest).toEqual(fields)
  })

  test('is written where no span is active too', () => {
    const alone = propagation.setBaggage(ROOT_CONTEXT, baggage)
    expect(context.with(alone, () => traceFields({ baggage: ['tenant'] }))).toEqual({
      tenant: 'shop',
    })
  })

  test('with a list that cannot work is refused at set-up', () => {
    for (const wrong of ['tenant', [7], { tenant: 7 }, null]) {
      expect(() => traceMixin({ baggage: wrong as never })).toThrow(InvalidOptionError)
    }
    expect(() => traceMixin(7 as never)).toThrow('option "options" must be a preset or an object')
  })
})

test('a Google Cloud project makes the trace a link', () => {
  const fields = context.with(active(1), () => traceFields({ preset: 'gcp', project: 'shop' }))
  expect(fields['logging.googleapis.com/trace']).toBe(`projects/shop/traces/${TRACE}`)
})

test('decimal ids are exact', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }), (id) => {
      const spanId = id.toString(16).padStart(16, '0')
      const span = { traceId: `${'0'.repeat(16)}${spanId}`, spanId, traceFlags: 1 }
      const held = trace.setSpanContext(ROOT_CONTEXT, span)
      expect(context.with(held, () => traceFields('datadog'))).toEqual({
        dd: { trace_id: id.toString(), span_id: id.toString() },
      })
    }),
  )
})

describe('a console of JSON', () => {
  function read(write: (log: ReturnType<typeof jsonConsole>) => void) {
    const lines: [string, Record<string, unknown>][] = []
    const to = (level: string) => (line: string) =>
      void lines.push([level, JSON.parse(line) as Record<string, unknown>])
    const target = { debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') }
    context.with(active(1), () => write(jsonConsole('otel', target)))
    return lines
  }

  test('writes a line at its level, with the ids of the active span', () => {
    const [[level, line]] = read((log) => log.warn('slow', { order: 7 })) as [[string, object]]
    expect(level).toBe('warn')
    expect(line).toEqual({
      level: 'warn',
      time: expect.any(String) as string,
      msg: 'slow',
      order: 7,
      trace_id: TRACE,
      span_id: SPAN,
      trace_flags: '01',
    })
  })

  test('tells of an error', () => {
    const error = new RangeError('too far')
    const lines = read((log) => {
      log.error('failed', error)
      log.error('failed', { cause: error })
    })
    const told = { type: 'RangeError', message: 'too far', stack: error.stack }
    expect(lines).toMatchObject([
      ['error', { msg: 'failed', err: told }],
      ['error', { msg: 'failed', cause: told }],
    ])
  })

  test('does not let fields take the place of what it writes itself', () => {
    const lines = read((log) => log.info('placed', { trace_id: 'x', msg: 'y' }))
    expect(lines).toMatchObject([['info', { msg: 'placed', trace_id: TRACE }]])
  })

  test('writes its line whatever the fields are', () => {
    const circle: { self?: unknown; id: bigint } = { id: 7n }
    const lines = read((log) => {
      log.info('big', { ...circle })
      circle.self = circle
      log.info('circular', circle)
    })
    expect(lines).toMatchObject([
      ['info', { msg: 'big', id: '7' }],
      ['info', { msg: 'circular', fields: 'not representable as JSON', trace_id: TRACE }],
    ])
  })
})

test("winston's records carry the ids of the active span", () => {
  const { lines, stream } = collect()
  const log = createLogger({
    format: format.combine(traceFormat(), format.json()),
    transports: new transports.Stream({ stream }),
  })
  context.with(active(1), () => log.info('inside', { order: 7 }))
  log.info('outside')
  const ids = { trace_id: TRACE, span_id: SPAN, trace_flags: '01' }
  expect(lines[0]).toMatchObject({ message: 'inside', order: 7, ...ids })
  expect(lines[1]).not.toHaveProperty('trace_id')
})
