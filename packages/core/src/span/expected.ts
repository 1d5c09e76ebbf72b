import { decide } from '../guard.ts'

type ErrorClass = abstract new (...args: never[]) => Error

/** Which errors are an expected outcome: a function that tells, a class of errors, or a list of either. */
export type ExpectedErrors =
  | ErrorClass
  | ((error: unknown) => boolean)
  | readonly (ErrorClass | ((error: unknown) => boolean))[]

/** Whether an error is an expected outcome. A function that throws or answers anything but `true` does not say so. */
export function isExpected(expected: ExpectedErrors | undefined, error: unknown): boolean {
  if (expected === undefined) return false
  if (!Array.isArray(expected)) return matches(expected, error)
  return expected.some((item) => matches(item, error))
}

function matches(item: unknown, error: unknown): boolean {
  if (typeof item !== 'function') return false
  if (isErrorClass(item)) return decide('Option "expected"', isInstance, item, error)
  return decide('Option "expected"', item as (error: unknown) => unknown, error)
}

function isErrorClass(item: object): item is ErrorClass {
  return item === Error || (item as { prototype?: unknown }).prototype instanceof Error
}

function isInstance(type: ErrorClass, error: unknown): boolean {
  return error instanceof type
}
