import { Writable } from 'node:stream'
import { ROOT_CONTEXT, context, trace } from '@opentelemetry/api'
import { InvalidOptionError } from '@throughline/core/integration'
import { traceFields, traceFormat, traceMixin } from '@throughline/core/logging'
import { createTestTracing } from '@throughline/testing'
import { pino } from 'pino'
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

test.each([traceMixin, traceFormat])(
  'a preset that there is not is refused at set-up',
  (create) => {
    expect(() => create('splunk' as never)).toThrow(InvalidOptionError)
    expect(() => create('splunk' as never)).toThrow(
      `${create.name}: option "preset" must be 'otel' or 'ecs' or 'gcp' or 'datadog', got "splunk"`,
    )
  },
)

function collect() {
  const lines: Record<string, unknown>[] = []
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>)
      done()
    },
  })
  return { lines, stream }
}

test("pino's lines carry the ids of the active span, child loggers' too", () => {
  const { lines, stream } = collect()
  const log = pino({ mixin: traceMixin() }, stream)
  context.with(active(1), () => log.info({ order: 7 }, 'inside'))
  context.with(active(1), () => log.child({ part: 'child' }).info('inside'))
  log.info('outside')
  const ids = { trace_id: TRACE, span_id: SPAN, trace_flags: '01' }
  expect(lines[0]).toMatchObject({ msg: 'inside', order: 7, ...ids })
  expect(lines[1]).toMatchObject({ part: 'child', ...ids })
  expect(lines[2]).not.toHaveProperty('trace_id')
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
