import {
  KafkaJSConnectionError,
  KafkaJSError,
  KafkaJSNonRetriableError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
} from 'kafkajs'
import { expect, test } from 'vitest'
import { describeKafkaError } from '../src/outcome.ts'

const protocol = new KafkaJSProtocolError(
  Object.assign(new Error('not authorized'), { type: 'TOPIC_AUTHORIZATION_FAILED', code: 29 }),
)
const retries = { retryCount: 5, retryTime: 100 }

test('a protocol error is named as the protocol does, however often kafkajs wrapped it', () => {
  const expected = { type: 'TOPIC_AUTHORIZATION_FAILED', message: 'not authorized' }
  const once = Object.assign(new KafkaJSNonRetriableError(protocol), { cause: protocol })
  const twice = new KafkaJSNumberOfRetriesExceeded(once, retries)
  for (const error of [protocol, once, twice]) expect(describeKafkaError(error)).toEqual(expected)
})

test('what kafkajs wrapped but is not its own is named as everywhere', () => {
  const refused = new KafkaJSConnectionError('refused', { code: 'ECONNREFUSED' })
  const cause = new TypeError('no partitioner')
  expect(describeKafkaError(new KafkaJSNumberOfRetriesExceeded(refused, retries))).toEqual({
    type: 'ECONNREFUSED',
    message: 'refused',
  })
  expect(
    describeKafkaError(Object.assign(new KafkaJSNonRetriableError(cause), { cause })).type,
  ).toBe('TypeError')
})

test('an error of the application is not taken for one of Kafka', () => {
  const error = Object.assign(new Error('no'), { type: 'anna@example.org', name: 'ShopError' })
  expect(describeKafkaError(error)).toEqual({ type: 'ShopError', message: 'no' })
})

test('anything that can be thrown is described', () => {
  const own = new KafkaJSError('own cause')
  Object.assign(own, { cause: own })
  expect(describeKafkaError(own).type).toBe('KafkaJSError')
  const hostile = new Proxy({}, { get: () => expect.unreachable() })
  for (const thrown of [null, undefined, 'text', 7, hostile]) {
    expect(typeof describeKafkaError(thrown).type).toBe('string')
  }
})
