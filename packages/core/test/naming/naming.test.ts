import {
  databaseSpanName,
  handlerSpanName,
  httpClientSpanName,
  httpServerSpanName,
  messagingSpanName,
} from '@throughline/core/integration'
import { expect, test } from 'vitest'

test.each([
  [httpServerSpanName('GET', '/orders/:id'), 'GET /orders/:id'],
  [httpServerSpanName('GET', undefined), 'GET'],
  [httpServerSpanName('GET', ''), 'GET'],
  [httpServerSpanName('_OTHER', '/orders'), 'HTTP /orders'],
  [httpServerSpanName('_OTHER', undefined), 'HTTP'],
  [httpClientSpanName('POST'), 'POST'],
  [httpClientSpanName('POST', '/orders/{id}'), 'POST /orders/{id}'],
  [messagingSpanName('send', 'orders'), 'send orders'],
  [messagingSpanName('send', undefined), 'send'],
  [databaseSpanName('postgresql', 'SELECT', 'orders'), 'SELECT orders'],
  [databaseSpanName('postgresql', 'BEGIN', undefined), 'BEGIN'],
  [databaseSpanName('postgresql', undefined, 'shop'), 'shop'],
  [databaseSpanName('postgresql', undefined, undefined), 'postgresql'],
  [handlerSpanName('OrdersController', 'create'), 'OrdersController.create'],
  [handlerSpanName(undefined, 'create'), 'create'],
])('%s', (name, expected) => {
  expect(name).toBe(expected)
})
