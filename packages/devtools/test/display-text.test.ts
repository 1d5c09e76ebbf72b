import { expect, test } from 'vitest'
import { clean, fit, truncate, widthOf } from '../src/display-text.ts'

test.each([
  ['plain', 5],
  ['grün', 4],
  ['gru\u0308n', 4],
  ['注文', 4],
  ['🎉', 2],
  ['👩‍👩‍👧', 2],
  ['…├✗█', 4],
  ['', 0],
])('%s is %d columns wide', (text, width) => {
  expect(widthOf(text)).toBe(width)
})

test('a text is cut to a width without cutting a character', () => {
  expect(truncate('process order', 7)).toBe('proces…')
  expect(truncate('process', 7)).toBe('process')
  expect(truncate('注文を処理', 6)).toBe('注文…')
  expect(truncate('anything', 0)).toBe('')
  expect(fit('注文を処理', 6)).toBe('注文… ')
  expect(fit('ab', 4)).toBe('ab  ')
})

test('a text of millions of characters is cut at once', () => {
  expect(truncate('x'.repeat(10_000_000), 5)).toBe('xxxx…')
})

test('control characters cannot reach the terminal', () => {
  expect(clean('a\u001b[2Jb\r\nc\u202ed\ud800')).toBe('a�[2Jb c�d�')
})
