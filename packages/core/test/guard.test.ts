import { DiagLogLevel, diag } from '@opentelemetry/api'
import { decide, guard, report, warnOnce } from '@throughline/core/integration'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const log = { error: vi.fn(), warn: vi.fn(), info: vi.fn(), debug: vi.fn(), verbose: vi.fn() }

beforeEach(() => {
  diag.setLogger(log, { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true })
  log.debug.mockClear() // the api says that it was registered
})
afterEach(() => {
  vi.resetAllMocks()
  diag.disable()
})

const error = new Error('a broken hook')
const fail = (): never => {
  throw error
}

test('a step that works gets its arguments and gives its result', () => {
  expect(guard('adding', (a: number, b: number) => a + b, 1, 2)).toBe(3)
})

test('a step that throws is reported, and its answer is nothing', () => {
  expect(guard('The hook "first"', fail)).toBeUndefined()
  const text = 'The hook "first" failed; tracing goes on without it'
  expect(log.warn).toHaveBeenCalledExactlyOnceWith('@throughline', text, error)
})

test('what fails again is said at debug, so that a busy service is not flooded', () => {
  for (let n = 0; n < 3; n++) guard('The hook "second"', fail)
  expect(log.warn).toHaveBeenCalledTimes(1)
  const again = ['@throughline', 'The hook "second" failed again', error]
  expect(log.debug.mock.calls).toEqual([again, again])
})

test('a hook that is async by mistake is reported when it rejects', async () => {
  const rejected = guard('The hook "third"', () => Promise.reject(error))
  await expect(rejected).rejects.toBe(error)
  expect(log.warn).toHaveBeenCalledExactlyOnceWith('@throughline', expect.any(String), error)
})

test('a warning is said once for each text', () => {
  for (const text of ['one', 'two', 'one']) warnOnce(text)
  expect(log.warn.mock.calls).toEqual([
    ['@throughline', 'one'],
    ['@throughline', 'two'],
  ])
})

test('a logger that throws hurts nobody', () => {
  log.warn.mockImplementation(fail)
  log.debug.mockImplementation(fail)
  expect(guard('The hook "fourth"', fail)).toBeUndefined()
  expect(guard('The hook "fourth"', fail)).toBeUndefined()
  expect(() => report('A step', error)).not.toThrow()
  expect(() => warnOnce('three')).not.toThrow()
  expect(log.warn).toHaveBeenCalledTimes(3)
})

test('a decision is yes for true alone, and an async hook is told of once', () => {
  expect(decide('The hook "even"', (n: number) => n % 2 === 0, 2)).toBe(true)
  expect(decide('The hook "even"', (n: number) => n % 2 === 0, 1)).toBe(false)
  expect(decide('The hook "broken"', fail)).toBe(false)
  log.warn.mockClear()
  const late = () => Promise.resolve(true)
  expect([decide('The hook "late"', late), decide('The hook "late"', late)]).toEqual([false, false])
  expect(decide('The hook "truthy"', () => 1)).toBe(false)
  expect(log.warn.mock.calls.map(([, text]) => text as string)).toEqual([
    'The hook "late" must answer true or false at once, not with a promise; that counts as false',
    'The hook "truthy" must answer true or false at once, not with number; that counts as false',
  ])
})
