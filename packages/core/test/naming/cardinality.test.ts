import { EventEmitter } from 'node:events'
import {
  databaseSpanName,
  handlerSpanName,
  httpClientSpanName,
  httpServerSpanName,
  jobSpanName,
  messagingSpanName,
  resolveTracing,
  tickSpanName,
} from '@throughline/core/integration'
import { HttpServerTracer, startClientRequest } from '@throughline/core/http'
import { startProcess, startSend } from '@throughline/core/messaging'
import { createTestTracing } from '@throughline/testing'
import { ROOT_CONTEXT } from '@opentelemetry/api'
import fc from 'fast-check'
import { afterAll, afterEach, describe, expect, test } from 'vitest'

const sdk = createTestTracing()
afterEach(() => sdk.reset())
afterAll(() => sdk.shutdown())

const SCOPE = { name: 'test', version: '1.0.0' }
const tracing = resolveTracing(SCOPE, 'test', {})
const METHODS = [
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE',
]
const NAMES = new Set([...METHODS, 'HTTP'])
const method = fc.oneof(fc.string(), fc.constantFrom(...METHODS, 'get', 'PROPFIND', '__proto__'))
const id = fc.oneof(fc.uuid(), fc.string({ minLength: 1 }), fc.nat().map(String))
const target = fc.tuple(id, fc.webQueryParameters()).map(([path, query]) => `/${path}?${query}`)

/** The name of the one span that `act` makes. */
function nameOf(act: () => { end(): void }): string {
  sdk.reset()
  act().end()
  return sdk.spans()[0]!.name
}

describe('a name of low cardinality, whatever comes in, is that of', () => {
  test('a server request', () => {
    const server = new HttpServerTracer(SCOPE, 'test')
    fc.assert(
      fc.property(method, target, id, (verb, url, host) => {
        const request = { method: verb, url, headers: { host }, httpVersion: '1.1' }
        const response = new EventEmitter() as never
        const name = nameOf(() => {
          server.start(request as never, response, {})
          return server.of(response)!
        })
        expect(NAMES).toContain(name)
      }),
    )
  })

  test('a server request with a route', () => {
    fc.assert(
      fc.property(method, (verb) => {
        const [first, ...rest] = httpServerSpanName(verb, '/orders/:id').split(' ')
        expect(NAMES).toContain(first)
        expect(rest).toEqual(['/orders/:id'])
      }),
    )
  })

  test('a client request', () => {
    fc.assert(
      fc.property(method, target, fc.webUrl(), (verb, path, origin) => {
        const name = nameOf(() => startClientRequest(tracing, { method: verb, origin, path }))
        expect(NAMES).toContain(name)
        expect(NAMES).toContain(httpClientSpanName(verb))
      }),
    )
  })

  test('what is sent to a destination that was made up for a while', () => {
    fc.assert(
      fc.property(id, (destination) => {
        const attributes = { 'messaging.destination.temporary': true }
        const described = { system: 'kafka', destination, attributes }
        expect(nameOf(() => startSend(tracing, described))).toBe('send')
        const server = { ...attributes, 'server.address': 'broker', 'server.port': 9092 }
        expect(nameOf(() => startSend(tracing, { ...described, attributes: server }))).toBe(
          'send broker:9092',
        )
      }),
    )
  })

  test('what is processed from a destination whose name is made of a template', () => {
    fc.assert(
      fc.property(id, fc.boolean(), (destination, temporary) => {
        const attributes = {
          'messaging.destination.template': 'user/{id}',
          'messaging.destination.temporary': temporary,
        }
        const described = { system: 'mqtt', destination, attributes }
        const process = { ...described, sender: ROOT_CONTEXT, relation: 'link' } as const
        expect(nameOf(() => startProcess(tracing, process))).toBe('process user/{id}')
      }),
    )
  })

  test('a message, with everything that tells it from the next one', () => {
    fc.assert(
      fc.property(id, id, fc.nat(), (message, key, offset) => {
        const attributes = {
          'messaging.message.id': message,
          'messaging.kafka.message.key': key,
          'messaging.kafka.offset': offset,
          'job.name': 'charge',
        }
        const process = { system: 'kafka', destination: 'orders', attributes }
        expect(
          nameOf(() =>
            startProcess(tracing, { ...process, sender: ROOT_CONTEXT, relation: 'link' }),
          ),
        ).toBe('process orders')
      }),
    )
  })
})

test('a name is made of the words that it was given, with one space between them', () => {
  const word = fc.stringMatching(/^[a-z.]+$/)
  const maybe = fc.option(word, { nil: undefined })
  fc.assert(
    fc.property(word, maybe, maybe, (one, two, three) => {
      const given = new Set([one, two, three, 'tick'])
      for (const name of [
        messagingSpanName(one, two),
        databaseSpanName(one, two, three),
        jobSpanName(one, two ?? one),
        tickSpanName(one),
      ]) {
        for (const part of name.split(' ')) expect(given).toContain(part)
      }
      expect(handlerSpanName(two, one)).toBe(two ? `${two}.${one}` : one)
    }),
  )
})
