import type { FlowJob } from 'bullmq'

/**
 * Gives every node of a flow the `opts` that BullMQ needs to store a context in: without, the jobs of the flow would not
 * relate to it. The nodes that you pass are not changed.
 *
 * @example
 * ```ts
 * await flows.add(tracedFlow({ name: 'order', queueName: 'orders', children: [{ name: 'label', queueName: 'labels' }] }))
 * ```
 */
export function tracedFlow<F extends FlowJob>(flow: F): F {
  const { opts, children } = flow
  return { ...flow, opts: opts ?? {}, ...(children && { children: children.map(tracedFlow) }) }
}
