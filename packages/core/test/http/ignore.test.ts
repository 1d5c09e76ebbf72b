import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { resolveIgnore, type Ignore } from '../../src/http/ignore.ts'

function ignores(ignore: Ignore, url: string): boolean | undefined {
  return resolveIgnore('test', ignore)?.({ url } as IncomingMessage)
}

describe('a glob', () => {
  test.each([
    ['/health', '/health', true],
    ['/health', '/health?verbose=1', true],
    ['/health', '/healthy', false],
    ['/health', '/api/health', false],
    ['/assets/*', '/assets/app.js', true],
    ['/assets/*', '/assets/img/logo.svg', false],
    ['/assets/*.js', '/assets/app.css', false],
    ['/assets/**', '/assets', true],
    ['/assets/**', '/assets/img/logo.svg?v=2', true],
    ['/assets/**', '/assetsandmore', false],
    ['/**/health', '/health', true],
    ['/**/health', '/a/b/health', true],
    ['/a.b', '/axb', false],
    ['*', '/any', false],
    ['**', '/any/path', true],
  ])('%j on %j: %j', (glob, url, expected) => {
    expect(ignores(glob, url)).toBe(expected)
  })

  test('of a list is enough', () => {
    expect(ignores(['/health', '/ready'], '/ready')).toBe(true)
    expect(ignores(['/health', '/ready'], '/orders')).toBe(false)
  })
})

test('an empty list ignores nothing', () => {
  expect(resolveIgnore('test', [])).toBeUndefined()
})

test('a function that answers a promise by mistake ignores nothing', () => {
  expect(ignores((() => Promise.resolve(false)) as never, '/')).toBe(false)
})

test.each([[7], [[/x/]], [{}]])('%j is refused', (ignore) => {
  expect(() => resolveIgnore('test', ignore as never)).toThrow(
    'test: option "ignore" must be a function, a glob or a list of globs',
  )
})
