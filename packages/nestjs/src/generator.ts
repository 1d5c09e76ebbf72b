import type { Operation } from '@throughline/core/integration'
import type { Fail } from './operation-subscriber.ts'

type AnyGenerator = Generator<unknown, unknown, unknown> | AsyncGenerator<unknown, unknown, unknown>
type Step = 'next' | 'return' | 'throw'

const STEPS: readonly Step[] = ['next', 'return', 'throw']
const TAGS = new Set(['[object Generator]', '[object AsyncGenerator]'])

/** Whether a value is what a generator function returns. Other iterators belong to whoever made them. */
export function isGenerator(value: unknown): value is AnyGenerator {
  return (
    typeof value === 'object' && value !== null && TAGS.has(Object.prototype.toString.call(value))
  )
}

/** A generator that behaves like this one, runs every step with the operation's span active, and ends it with the last. */
export function runGenerator<G extends AnyGenerator>(
  operation: Operation,
  source: G,
  onError: Fail,
): G {
  const steps: PropertyDescriptorMap = {}
  for (const step of STEPS) {
    const value = (...args: unknown[]): unknown => {
      const advance = () => (source[step] as (...given: unknown[]) => unknown)(...args)
      return follow(operation, advance, onError)
    }
    steps[step] = { value, configurable: true, writable: true }
  }
  return Object.create(Object.getPrototypeOf(source), steps)
}

function follow(operation: Operation, advance: () => unknown, onError: Fail): unknown {
  let result: unknown
  try {
    result = operation.run(advance)
  } catch (error) {
    onError(error, operation)
    throw error
  }
  if (!(result instanceof Promise)) return endWhenDone(operation, result)
  return result.then(
    (step: unknown) => endWhenDone(operation, step),
    (error: unknown) => {
      onError(error, operation)
      throw error
    },
  )
}

function endWhenDone(operation: Operation, step: unknown): unknown {
  if ((step as IteratorResult<unknown>).done) operation.end()
  return step
}
