import { ROOT_CONTEXT } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import { noteResponse, startClientRequest } from '@throughline/core/http'
import { resolveTracing } from '@throughline/core/integration'
import { createTestTracing } from '@throughline/testing'
import '@throughline/testing/vitest'
import { afterAll, afterEach, expect, test } from 'vitest'

const sdk = createTestTracing()
afterEach(() => sdk.reset())
afterAll(() => sdk.shutdown())

const tracing = resolveTracing({ name: 'test', version: '1.0.0' }, 'test', {})
const shop = { method: 'GET', origin: 'https://shop.example:8443', path: '/orders?page=2' }

test('an outgoing request is a client span with what the conventions ask for', () => {
  withSpan('work', () => startClientRequest(tracing, shop).end())
  expect(sdk.span('GET')).toBeChildOf(sdk.span('work'))
  expect(sdk.span('GET').kind).toBe('CLIENT')
  expect(sdk.span('GET').attributes).toEqual({
    'http.request.method': 'GET',
    'url.full': 'https://shop.example:8443/orders?page=2',
    'server.address': 'shop.example',
    'server.port': 8443,
  })
})

test.each([
  ['http://shop.example', 'shop.example', 80],
  ['https://shop.example', 'shop.example', 443],
  ['http://[::1]:3000', '::1', 3000],
  ['http://[::1]', '::1', 80],
])('%s has its address and port', (origin, address, port) => {
  startClientRequest(tracing, { ...shop, origin }).end()
  expect(sdk.span('GET').attributes).toMatchObject({
    'server.address': address,
    'server.port': port,
  })
})

test('credentials and signatures are not recorded', () => {
  const origin = 'https://user:secret@shop.example'
  startClientRequest(tracing, { ...shop, origin, path: '/file?sig=secret&a=1' }).end()
  expect(sdk.span('GET').attributes['url.full']).toBe('https://shop.example/file?sig=REDACTED&a=1')
})

test('an origin that is none costs its attributes, not the request', () => {
  startClientRequest(tracing, { ...shop, origin: 'not a url' }).end()
  expect(sdk.span('GET').attributes).toEqual({ 'http.request.method': 'GET' })
})

test('a method that nobody knows is HTTP, and is kept', () => {
  startClientRequest(tracing, { ...shop, method: 'PROPFIND', parent: ROOT_CONTEXT }).end()
  expect(sdk.span('HTTP').attributes).toMatchObject({
    'http.request.method': '_OTHER',
    'http.request.method_original': 'PROPFIND',
  })
})

test.each([
  [200, 'UNSET', undefined],
  [399, 'UNSET', undefined],
  [404, 'ERROR', '404'],
  [503, 'ERROR', '503'],
])('a response with %i leaves the span %s', (code, status, type) => {
  const operation = startClientRequest(tracing, shop)
  noteResponse(operation, code)
  operation.end()
  expect(sdk.span('GET')).toMatchObject({
    status,
    attributes: { 'http.response.status_code': code },
  })
  expect(sdk.span('GET').attributes['error.type']).toBe(type)
})
