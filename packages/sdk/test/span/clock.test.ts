import { expect, test } from 'vitest'
import { Clock, timeAt } from '../../src/span/clock.ts'
import { settableClock } from './settable-clock.ts'

const HOUR = 3_600_000

test('a time is exact to the nanosecond, far from the start of the process too', () => {
  const anchor = { seconds: 1_800_000_000, millis: 250.5 }
  expect(timeAt(anchor, 0)).toEqual([1_800_000_000, 250_500_000])
  expect(timeAt(anchor, 749.500_001)).toEqual([1_800_000_001, 1])
  expect(timeAt(anchor, 86_400_000.000_001)).toEqual([1_800_086_400, 250_500_001])
})

test('what is rounded up to a second is one', () => {
  expect(timeAt({ seconds: 7, millis: 0 }, 999.999_999_9)).toEqual([8, 0])
})

test('a time before the process is one too', () => {
  expect(timeAt({ seconds: 7, millis: 0 }, -0.5)).toEqual([6, 999_500_000])
})

test('the time is as fine as the monotonic clock, not as the wall clock', () => {
  const { clock, pass, time } = settableClock()
  const before = time()
  pass(0.25)
  expect(time()).toEqual([before[0], before[1] + 250_000])
  expect(clock.now()).toBe(0.25)
})

test.each([HOUR, -HOUR, 60, -60])('a wall clock that was set by %d ms is followed', (step) => {
  const { pass, setWall, time } = settableClock()
  const before = time()
  setWall(step)
  pass(10)
  expect(time()).toEqual([
    before[0] + Math.floor((step + 10) / 1000),
    ((step + 10 + HOUR) % 1000) * 1e6,
  ])
})

test('after a suspension, during which the monotonic clock stood, the time is that of the wall clock', () => {
  const { pass, setWall, time } = settableClock()
  const [seconds] = time()
  pass(10)
  setWall(8 * HOUR)
  pass(10)
  expect(time()).toEqual([seconds + (8 * HOUR) / 1000, 20_000_000])
})

test.each([40, -40])('a difference of %d ms is not followed: times stay in order', (drift) => {
  const { clock, pass, setWall } = settableClock()
  clock.now()
  const { anchor } = clock
  setWall(drift)
  pass(1000)
  clock.now()
  expect(clock.anchor).toBe(anchor)
})

test('a thread that is put aside between two readings is no reason to follow', () => {
  let monotonic = 0
  let pause = 0
  const clock = new Clock({
    origin: 1_800_000_000_000,
    monotonic: () => monotonic,
    wall: () => 1_800_000_000_000 + (monotonic += pause),
  })
  clock.now()
  const { anchor } = clock
  monotonic += 10
  pause = 200
  clock.now()
  expect(clock.anchor).toBe(anchor)
  pause = 0
  clock.now()
  expect(clock.anchor).toBe(anchor)
})

test('the wall clock is read once in ten milliseconds, and when the other one was set back', () => {
  let [monotonic, read] = [5000, 0]
  const clock = new Clock({
    origin: 0,
    monotonic: () => monotonic,
    wall: () => (read++, monotonic),
  })
  for (; monotonic < 5030; monotonic++) clock.now()
  expect(read).toBe(3)
  monotonic = 0
  clock.now()
  expect(read).toBe(4)
})

test('the clock of the system tells the time', () => {
  const clock = new Clock()
  const before = Date.now()
  const [seconds, nanos] = timeAt(clock.anchor, clock.now())
  const now = seconds * 1000 + nanos / 1e6
  expect(now).toBeGreaterThan(before - 60)
  expect(now).toBeLessThan(Date.now() + 60)
})
