import { PbfWriter } from 'pbf'
import { describe, expect, test } from 'vitest'
import { parseJson } from '../src/otlp-json.ts'
import { parseProtobuf } from '../src/otlp-protobuf.ts'
import { readSpans } from '../src/otlp-request.ts'
import type { StoredSpan } from '../src/index.ts'

const IDS = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }

function fromJson(span: string): StoredSpan | undefined {
  const body = `{"resourceSpans":[{"scopeSpans":[{"spans":[${span}]}]}]}`
  return readSpans(parseJson(Buffer.from(body)))[0]
}

function fromObject(span: object): StoredSpan | undefined {
  return fromJson(JSON.stringify({ ...IDS, ...span }))
}

function fromProtobuf(write: (writer: PbfWriter) => void): StoredSpan | undefined {
  return readSpans(parseProtobuf(request(write)))[0]
}

function request(write: (writer: PbfWriter) => void): Uint8Array {
  const writer = new PbfWriter()
  nested(writer, [1, 2, 2], () => {
    writer.writeBytesField(1, Buffer.from(IDS.traceId, 'hex'))
    writer.writeBytesField(2, Buffer.from(IDS.spanId, 'hex'))
    write(writer)
  })
  return writer.finish()
}

function nested(writer: PbfWriter, tags: readonly number[], write: () => void): void {
  const [tag, ...rest] = tags
  if (tag === undefined) write()
  else writer.writeMessage(tag, () => nested(writer, rest, write), undefined)
}

/** A protobuf span with the attribute `key` of the value that is written. */
function attribute(write: (writer: PbfWriter) => void): unknown {
  return fromProtobuf((writer) => {
    nested(writer, [9], () => {
      writer.writeStringField(1, 'key')
      nested(writer, [2], () => write(writer))
    })
  })?.attributes['key']
}

describe('JSON', () => {
  test('gives enums by number and by name', () => {
    expect(fromObject({ kind: 5, status: { code: 2 } })).toMatchObject({
      kind: 'CONSUMER',
      status: 'ERROR',
    })
    expect(
      fromObject({ kind: 'SPAN_KIND_CLIENT', status: { code: 'STATUS_CODE_OK' } }),
    ).toMatchObject({ kind: 'CLIENT', status: 'OK' })
    expect(fromObject({ kind: 99 })).toMatchObject({ kind: 'INTERNAL', status: 'UNSET' })
  })

  test.each(['"1700000000123456789"', '1700000000123456789'])(
    'keeps fractions of milliseconds of the time %s',
    (start) => {
      const times = `"startTimeUnixNano": ${start}, "endTimeUnixNano": 1700000000123456790`
      const span = fromJson(`{"traceId":"${IDS.traceId}","spanId":"${IDS.spanId}",${times}}`)
      expect(span?.startMs).toBeCloseTo(1_700_000_000_123.456_8, 3)
      expect(span?.durationMs).toBe(0.000_001)
    },
  )

  test('reads every kind of value', () => {
    const values = [
      '{"stringValue":"\\"intValue\\":12345678901234567890,"}',
      '{"boolValue":false}',
      '{"intValue":"42"}',
      '{"intValue":42}',
      '{"intValue":9223372036854775807}',
      '{"intValue":"-9223372036854775808"}',
      '{"doubleValue":0.5}',
      '{"doubleValue":"NaN"}',
      '{"bytesValue":"AQID"}',
      '{"arrayValue":{"values":[{"stringValue":"a"},{"arrayValue":{}}]}}',
      '{"kvlistValue":{"values":[{"key":"__proto__","value":{"intValue":1}}]}}',
      '{}',
      'null',
    ]
    const attributes = values.map((value, index) => `{"key":"${index}","value":${value}}`)
    const span = fromJson(
      `{"traceId":"${IDS.traceId}","spanId":"${IDS.spanId}","attributes":[${attributes.join()}]}`,
    )
    expect(Object.values(span?.attributes ?? {})).toEqual([
      '"intValue":12345678901234567890,',
      false,
      42,
      42,
      '9223372036854775807',
      '-9223372036854775808',
      0.5,
      NaN,
      new Uint8Array([1, 2, 3]),
      ['a', []],
      Object.fromEntries([['__proto__', 1]]),
      null,
      null,
    ])
  })

  test('takes a parent of zeros or of nothing as none, and a missing service as unknown', () => {
    for (const parentSpanId of ['', '0'.repeat(16), null]) {
      expect(fromObject({ parentSpanId })).not.toHaveProperty('parentSpanId')
    }
    expect(fromObject({})?.service).toBe('unknown_service')
  })

  test('gives a span that ends before it starts no duration', () => {
    expect(fromObject({ startTimeUnixNano: '2000000', endTimeUnixNano: '1000000' })).toMatchObject({
      startMs: 2,
      durationMs: 0,
    })
  })

  test.each([
    ['[]', 'the body is not an object'],
    ['{"resourceSpans":{}}', 'resourceSpans is not an array'],
    ['{"resourceSpans":[1]}', 'resourceSpans is not an object'],
  ])('%s is malformed: %s', (body, message) => {
    expect(() => readSpans(parseJson(Buffer.from(body)))).toThrow(message)
  })

  test.each([
    [{ traceId: undefined }, 'traceId is missing or all zeros'],
    [{ traceId: 'q83v'.repeat(8) }, 'traceId is not 16 bytes of hex'],
    [{ spanId: '0'.repeat(16) }, 'spanId is missing or all zeros'],
    [{ spanId: 7 }, 'spanId is not a string'],
    [{ startTimeUnixNano: -1 }, 'startTimeUnixNano is not a time in nanoseconds'],
    [{ startTimeUnixNano: 'soon' }, 'startTimeUnixNano is not a time in nanoseconds'],
    [{ links: [{ traceId: 'a' }] }, 'link.traceId is not 16 bytes of hex'],
    [{ attributes: [{ key: 'a', value: { intValue: 'x' } }] }, 'intValue is not an integer'],
  ])('a span with %o is malformed: %s', (fields, message) => {
    expect(() => fromObject(fields)).toThrow(message)
  })

  test('nested too deep is malformed', () => {
    let value = {}
    for (let depth = 0; depth < 100; depth += 1) value = { arrayValue: { values: [value] } }
    expect(() => fromObject({ attributes: [{ key: 'a', value }] })).toThrow('nested over 32 deep')
    const body = Buffer.from('['.repeat(1_000_000))
    expect(() => parseJson(body)).toThrow('the body is not JSON')
  })

  test('in broken UTF-8 is malformed', () => {
    expect(() => parseJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow('the body is not JSON')
  })
})

describe('protobuf', () => {
  test.each<[string, (writer: PbfWriter) => void, unknown]>([
    ['a string', (w) => w.writeStringField(1, 'grün'), 'grün'],
    ['an empty string', (w) => w.writeStringField(1, ''), ''],
    ['a boolean', (w) => w.writeBooleanField(2, true), true],
    ['an integer', (w) => w.writeVarintField(3, 42), 42],
    ['a negative integer', (w) => w.writeVarintField(3, -42), -42],
    ['a double', (w) => w.writeDoubleField(4, 0.5), 0.5],
    ['bytes', (w) => w.writeBytesField(7, new Uint8Array([1, 2])), new Uint8Array([1, 2])],
    ['nothing', () => undefined, null],
  ])('reads %s', (_name, write, expected) => {
    expect(attribute(write)).toEqual(expected)
  })

  test.each([
    [2n ** 63n - 1n, '9223372036854775807'],
    [-(2n ** 63n), '-9223372036854775808'],
    [2n ** 53n - 1n, 9_007_199_254_740_991],
    [2n ** 53n + 1n, '9007199254740993'],
  ])('keeps the integer %s exact', (value, expected) => {
    const read = attribute((writer) => {
      writer.writeTag(3, 0)
      let rest = BigInt.asUintN(64, value)
      writer.realloc(10)
      for (; rest > 127n; rest >>= 7n) writer.buf[writer.pos++] = Number(rest & 127n) | 128
      writer.buf[writer.pos++] = Number(rest)
    })
    expect(read).toBe(expected)
  })

  test('reads arrays and lists of pairs', () => {
    const array = attribute((w) => {
      nested(w, [5], () => {
        nested(w, [1], () => w.writeStringField(1, 'a'))
        nested(w, [1], () => w.writeVarintField(3, 1))
      })
    })
    expect(array).toEqual(['a', 1])
    const pairs = attribute((w) => {
      nested(w, [6, 1], () => {
        w.writeStringField(1, 'inner')
        nested(w, [2], () => w.writeBooleanField(2, false))
      })
    })
    expect(pairs).toEqual({ inner: false })
  })

  test('skips fields of a later version and known fields of another type', () => {
    const span = fromProtobuf((w) => {
      w.writeStringField(99, 'from the future')
      w.writeVarintField(5, 7)
      w.writeFixed32Field(16, 257)
      w.writeStringField(5, 'the name')
    })
    expect(span?.name).toBe('the name')
  })

  test('is malformed wherever it is cut off', () => {
    const body = request((w) => {
      w.writeStringField(5, 'a name that is long enough to be cut')
      w.writeFixed64Field(7, 1_700_000_000_000_000_000)
    })
    for (let length = 1; length < body.length; length += 1) {
      expect(() => readSpans(parseProtobuf(body.subarray(0, length)))).toThrow(/body/)
    }
  })

  test('of random bytes is read or malformed, and never anything else', () => {
    // A linear congruential generator: random enough, and the same in every run.
    let seed = 1
    const next = (): number => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) >>> 24
    let malformed = 0
    for (let round = 0; round < 2000; round += 1) {
      const body = Uint8Array.from({ length: next() }, next)
      if (round % 2 === 0) body[0] = 0x0a
      try {
        readSpans(parseProtobuf(body))
      } catch (error) {
        expect(error).toMatchObject({ name: 'MalformedRequestError' })
        malformed += 1
      }
    }
    expect(malformed).toBeGreaterThan(1000)
  })

  test('nested too deep is malformed', () => {
    const tags = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? 5 : 1))
    expect(() => attribute((w) => nested(w, tags, () => undefined))).toThrow('nested too deep')
  })
})
