import { Transform } from 'node:stream'
import { queue as asyncQueue } from 'async'
import fastq from 'fastq'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { currentTrace, withSpan } from '@throughline/core'
import PQueue from 'p-queue'
import { Subject, concatMap } from 'rxjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bindTask, boundWorker, type BoundTask } from '../src/in-process/index.ts'

let tracing: TestTracing
beforeAll(() => {
  tracing = createTestTracing()
})
afterAll(() => tracing.shutdown())

type Task = string | BoundTask<string>
type Submit = (task: Task) => unknown

/** How a queue is made of a worker; what comes back submits a task to it. */
const QUEUES: Record<string, (worker: (task: Task) => Promise<void>) => Submit> = {
  fastq(worker) {
    const queue = fastq(async (task: Task, done: (error: null) => void) => {
      await worker(task)
      done(null)
    }, 1)
    return (task) => queue.push(task)
  },
  'fastq.promise'(worker) {
    const queue = fastq.promise(worker, 1)
    return (task) => queue.push(task)
  },
  'async.queue'(worker) {
    const queue = asyncQueue<Task>(worker, 1)
    return (task) => queue.push(task)
  },
  'RxJS Subject and concatMap'(worker) {
    const subject = new Subject<Task>()
    subject.pipe(concatMap(worker)).subscribe()
    return (task) => subject.next(task)
  },
  Transform(worker) {
    const stream = new Transform({
      objectMode: true,
      async transform(task: Task, _, done) {
        await worker(task)
        done()
      },
    })
    return (task) => stream.write(task)
  },
}

const worked = async (
  make: (worker: (task: Task) => Promise<void>) => Submit,
  bound: boolean,
): Promise<string[]> => {
  const seen: string[] = []
  let finished = (): void => {}
  const done = new Promise<void>((resolve) => (finished = resolve))
  const work = async (task: Task): Promise<void> => {
    seen.push(`${task as string}:${currentTrace()?.traceId}`)
    await new Promise((resolve) => setImmediate(resolve))
    if (seen.length === 2) finished()
  }
  const submit = make(bound ? boundWorker<string, [], Promise<void>>(work) : work)
  const traceIds = ['a', 'b'].map((name) =>
    withSpan(name, (span) => {
      submit(bound ? bindTask(name) : name)
      return span.spanContext().traceId
    }),
  )
  await done
  const names = new Map(traceIds.map((id, at) => [id, 'AB'[at]]))
  return seen.map((text) => `${text[0]} in ${names.get(text.slice(2)) ?? 'none'}`)
}

describe.each(Object.entries(QUEUES))('%s', (_, make) => {
  it('runs the second task in the context of the first one', async () => {
    expect(await worked(make, false)).toEqual(['a in A', 'b in A'])
  })

  it('F17: runs each in its own where tasks are bound', async () => {
    expect(await worked(make, true)).toEqual(['a in A', 'b in B'])
  })
})

it('p-queue runs each task in its own context by itself', async () => {
  const queue = new PQueue({ concurrency: 1 })
  const seen = ['a', 'b'].map((name) =>
    withSpan(name, (span) =>
      queue.add(() => currentTrace()?.traceId === span.spanContext().traceId),
    ),
  )
  expect(await Promise.all(seen)).toEqual([true, true])
})

it('binds functions, and keeps their this, arguments, result and length', () => {
  const owner = withSpan('request', (span) => ({
    span,
    task: bindTask(function task(this: unknown, a: number, b: number) {
      return [this, a, b, currentTrace()?.spanId]
    }),
  }))
  expect(owner.task).toHaveLength(2)
  expect(owner.task(1, 2)).toEqual([owner, 1, 2, owner.span.spanContext().spanId])
  const none = bindTask(() => currentTrace())
  expect(withSpan('other', () => none())).toBeUndefined()
})

it('passes on to a bound worker what was not bound, as it is', () => {
  const worker = boundWorker(function work(this: unknown, value: number, more: string) {
    return [this, value, more]
  })
  expect(worker).toHaveLength(2)
  expect(worker.name).toBe('work')
  const owner = { worker }
  expect(owner.worker(1, 'x')).toEqual([owner, 1, 'x'])
  expect(owner.worker(bindTask(1), 'x')).toEqual([owner, 1, 'x'])
})
