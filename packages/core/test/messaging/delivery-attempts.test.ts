import { DeliveryAttempts } from '@throughline/core/messaging'
import { expect, test } from 'vitest'

test('a position that comes again is another attempt, a new one is the first', () => {
  const attempts = new DeliveryAttempts()
  expect([7, 7, 7, 8, 9, 9].map((at) => attempts.next('orders', 0, at))).toEqual([1, 2, 3, 1, 1, 2])
})

test('partitions do not mix', () => {
  const attempts = new DeliveryAttempts()
  expect([attempts.next('orders', 0, 7), attempts.next('orders', 1, 7)]).toEqual([1, 1])
  expect(attempts.next('bills', 0, 7)).toBe(1)
})

test('the rest of a batch, delivered again, is another attempt', () => {
  const attempts = new DeliveryAttempts()
  expect(attempts.next('orders', 0, 10, 19)).toBe(1)
  expect(attempts.next('orders', 0, 15, 24)).toBe(2)
  expect(attempts.next('orders', 0, 25, 30)).toBe(1)
})

test('a consumer that is sent back to the beginning starts anew', () => {
  const attempts = new DeliveryAttempts()
  attempts.next('orders', 0, 10, 19)
  expect(attempts.next('orders', 0, 0, 9)).toBe(1)
})

test('the memory for it is bounded', () => {
  const attempts = new DeliveryAttempts()
  for (let partition = 0; partition <= 10_000; partition++) attempts.next('orders', partition, 1)
  expect(attempts.next('orders', 10000, 1)).toBe(2)
  expect(attempts.next('orders', 0, 1)).toBe(1)
})
