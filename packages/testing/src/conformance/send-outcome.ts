import type { Outcome, SendTrial } from './send-trial.ts'

/** What can be compared of how two calls ended: neither addresses nor ids nor times. */
export async function outcomeOf<M>(trial: SendTrial<M>, id: string): Promise<object> {
  const { returned, settled } = await trial.call(trial.message(id))
  trial.expectArrived(id)
  return {
    returned: shapeOf(returned),
    status: settled.status,
    value: shapeOf(settledValue(settled)),
  }
}

function settledValue(settled: Outcome['settled']): unknown {
  return settled.status === 'fulfilled' ? settled.value : settled.reason
}

function shapeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value
  const { name, code } = value as { name?: unknown; code?: unknown }
  const keys = Object.getOwnPropertyNames(value).toSorted()
  return { class: value.constructor?.name, keys, ...(value instanceof Error && { name, code }) }
}
