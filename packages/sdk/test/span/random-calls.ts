import {
  SpanKind,
  SpanStatusCode,
  type AttributeValue,
  type Attributes,
  type Link,
  type Span,
  type SpanOptions,
  type TimeInput,
} from '@opentelemetry/api'

/** Numbers between 0 and 1 that are the same for the same seed (mulberry32). */
export type Random = () => number

export function seeded(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.trunc(random() * from.length)]!
}

/** Something that a caller does with a span, right or wrong; the same each time it is done. */
export type Call = (span: Span) => unknown

export function randomCalls(random: Random): Call[] {
  return Array.from({ length: 1 + Math.trunc(random() * 20) }, () => pick(random, CALLS)(random))
}

const CALLS: readonly ((random: Random) => Call)[] = [
  (random) => {
    const [key, value] = [pick(random, KEYS), randomValue(random)]
    return (span) => span.setAttribute(key, value)
  },
  (random) => {
    const attributes = randomAttributes(random)
    return (span) => span.setAttributes(attributes)
  },
  (random) => {
    const [name, attributes, time] = [
      pick(random, NAMES),
      randomAttributes(random),
      randomTime(random),
    ]
    return pick(random, [
      (span: Span) => span.addEvent(name),
      (span: Span) => span.addEvent(name, attributes),
      (span: Span) => span.addEvent(name, attributes, time),
      (span: Span) => span.addEvent(name, time),
      (span: Span) => span.addEvent(name, time, randomTime(seeded(1))),
    ])
  },
  (random) => {
    const links = randomLinks(random)
    return (span) => span.addLinks(links)
  },
  (random) => {
    const [link] = randomLinks(random)
    return (span) => link && span.addLink(link)
  },
  (random) => {
    const code = pick(random, [SpanStatusCode.UNSET, SpanStatusCode.OK, SpanStatusCode.ERROR])
    const status = { code, message: pick(random, MESSAGES) as string }
    return (span) => span.setStatus(status)
  },
  (random) => {
    const name = pick(random, NAMES)
    return (span) => span.updateName(name)
  },
  (random) => {
    const [exception, time] = [pick(random, EXCEPTIONS), randomTime(random)]
    return (span) => span.recordException(exception as Error, time)
  },
  (random) => {
    const time = randomTime(random)
    return random() < 0.3 ? (span) => span.end(time) : (span) => span.isRecording()
  },
]

/** Options of a start, right or wrong. */
export function randomOptions(random: Random): SpanOptions | undefined {
  if (random() < 0.1) return undefined
  return {
    ...(random() < 0.5 && { kind: pick(random, [SpanKind.SERVER, SpanKind.PRODUCER, null!]) }),
    ...(random() < 0.8 && { attributes: randomAttributes(random) }),
    ...(random() < 0.5 && { links: randomLinks(random) }),
    ...(random() < 0.3 && { startTime: randomTime(random)! }),
    ...(random() < 0.2 && { root: true }),
  }
}

export const NAMES: readonly string[] = ['GET /orders', 'orders process', '']
const KEYS = ['a', 'b', 'c', 'order.id', 'toString', '7', '']
const MESSAGES = ['', 'refused', undefined, null, 7, { text: 'refused' }]
const circular: Record<string, unknown> = { a: 1 }
circular['self'] = circular
const PLAIN: readonly unknown[] = [
  'text',
  'a text longer than the limit',
  '',
  12,
  -1.5,
  NaN,
  true,
  false,
]
const UNUSUAL: readonly unknown[] = [
  null,
  undefined,
  7n,
  Symbol('s'),
  () => 1,
  new Date(0),
  new Map([['a', 1]]),
  circular,
  [],
  ['a', 'a text longer than the limit'],
  [true, null, undefined],
  ['a', 1],
  [['a'], { a: 1 }],
  [Symbol('s')],
  new Uint8Array([1, 2, 3, 4, 5, 6]),
  Buffer.from('bytes of a buffer'),
  {},
  { a: 1, b: undefined, c: { d: ['a text longer than the limit'] } },
  Object.create(null),
]
const EXCEPTIONS: readonly unknown[] = [
  'refused',
  '',
  { name: 'TimeoutError', message: 'too late' },
  { code: 'ECONNREFUSED', name: 'Error', message: '' },
  { code: 7, stack: 'Error: x\n at y' },
  { stack: 'Error: x\n at y' },
  {},
  undefined,
  null,
]

function randomValue(random: Random): AttributeValue {
  return pick(random, random() < 0.4 ? PLAIN : UNUSUAL)
}

function randomAttributes(random: Random): Attributes {
  if (random() < 0.05)
    return pick<unknown>(random, [null, undefined, 'text', 7, ['list']]) as Attributes
  const isPlain = random() < 0.5
  const entries = Array.from({ length: Math.trunc(random() * 6) }, () => [
    pick(random, KEYS),
    isPlain ? pick(random, PLAIN) : randomValue(random),
  ])
  return Object.fromEntries(entries) as Attributes
}

function randomLinks(random: Random): Link[] {
  return Array.from({ length: Math.trunc(random() * 4) }, () => ({
    context: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 },
    ...(random() < 0.6 && { attributes: randomAttributes(random) }),
  }))
}

/** In all forms; those of `performance.now()` are below the time that the clock of the tests begins with. */
function randomTime(random: Random): TimeInput | undefined {
  return pick<unknown>(random, [
    undefined,
    undefined,
    0,
    250.25,
    -5,
    1_700_000_000_000,
    1_700_000_000_123.5,
    1_900_000_000_000,
    new Date(1_700_000_001_500),
    [1_700_000_000, 5],
    [1_900_000_000, 999_999_999],
    [1],
    'soon',
    null,
  ]) as TimeInput | undefined
}
