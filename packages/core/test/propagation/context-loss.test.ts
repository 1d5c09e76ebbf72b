import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { Transform } from 'node:stream'
import { MessageChannel } from 'node:worker_threads'
import { ROOT_CONTEXT, context, createContextKey } from '@opentelemetry/api'
import { bindContext, runDetached } from '@throughline/core'
import { createTestTracing } from '@throughline/testing'
import async from 'async'
import { Cron } from 'croner'
import fastq from 'fastq'
import PQueue from 'p-queue'
import { Subject, concatMap, from } from 'rxjs'
import { afterAll, describe, expect, test } from 'vitest'

const sdk = createTestTracing({ global: false }) // for its context manager
afterAll(() => sdk.shutdown())

const NAME = createContextKey('name')
const here = (): string => (context.active().getValue(NAME) as string | undefined) ?? 'none'
const inContext = <T>(name: string, fn: () => T): T =>
  context.with(ROOT_CONTEXT.setValue(NAME, name), fn)
const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A task notes where it ran. With the remedy it is bound when it is handed over. */
type Task = () => Promise<void>
type HandOver = (task: Task) => unknown

interface Row {
  readonly where: string
  readonly runsIn: string
  readonly remedy: string
  /** What a first task from context A and a second one from context B see. */
  readonly sees: readonly [string, string]
  /** What they see where the remedy is followed. */
  readonly fixed: readonly [string, string]
  readonly run: (remedied: boolean) => Promise<string[]>
}

/** Hands one task over from A and one from B, both before the first has run. */
async function handOverBoth(handOver: HandOver, bound: boolean): Promise<string[]> {
  const seen: string[] = []
  const { promise, resolve } = withResolvers()
  const task: Task = async () => {
    seen.push(here())
    await pause()
    if (seen.length === 2) resolve()
  }
  for (const name of ['A', 'B']) inContext(name, () => handOver(bound ? bindContext(task) : task))
  await promise
  return seen
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void
  const promise = new Promise<void>((settle) => (resolve = settle))
  return { promise, resolve }
}

async function thenCall(task: Task, done: (error: null) => void): Promise<void> {
  await task()
  done(null)
}

/** A row of something that keeps tasks and runs one at a time. */
function queue(where: string, make: () => HandOver, sees: Row['sees']): Row {
  const lost = sees[1] === 'A'
  return {
    where,
    runsIn: lost ? 'the context of another task: the first one’s' : 'its own context',
    remedy: lost ? 'bind the work: `queue.push(bindContext(() => ship(order)))`' : '',
    sees,
    fixed: ['A', 'B'],
    run: (remedied) => handOverBoth(make(), remedied),
  }
}

/** A row of a listener: registered in A and B, called from C or from nowhere. */
function listener(
  where: string,
  runsIn: string,
  sees: Row['sees'],
  listen: (listener: () => void) => unknown,
  call: () => unknown,
  remedy = 'bind what belongs to a request: `on(name, bindContext(listener))`',
): Row {
  const run = async (bound: boolean): Promise<string[]> => {
    const seen: string[] = []
    const { promise, resolve } = withResolvers()
    const note = (): void => {
      if (seen.push(here()) === 2) resolve()
    }
    for (const name of ['A', 'B'])
      inContext(name, () => listen(bound ? bindContext(note) : () => note()))
    inContext('C', call)
    await promise
    return seen
  }
  return { where, runsIn, remedy, sees, fixed: ['A', 'B'], run }
}

/** A row of something that runs for ever, started once in A: what its ticks see. */
function schedule(where: string, start: (tick: () => void) => () => void): Row {
  const run = async (starter: (fn: () => () => void) => () => void): Promise<string[]> => {
    const seen: string[] = []
    const { promise, resolve } = withResolvers()
    const stop = inContext('A', () =>
      starter(() =>
        start(() => {
          if (seen.push(here()) === 2) resolve()
        }),
      ),
    )
    await promise
    stop()
    return seen
  }
  return {
    where,
    runsIn: 'the context that it was started in, for ever: an endless trace',
    remedy: 'start it detached: `runDetached(() => setInterval(poll, 1000))`',
    sees: ['A', 'A'],
    fixed: ['none', 'none'],
    run: (remedied) => run(remedied ? runDetached : (fn) => fn()),
  }
}

const emitter = new EventEmitter()
const target = new EventTarget()
const { port1, port2 } = new MessageChannel()
const child = inContext('fork', () =>
  spawn(process.execPath, ['-e', 'process.on("message", (m) => process.send(m))'], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  }),
)
afterAll(async () => {
  port1.close()
  child.kill()
  await once(child, 'exit')
})

const rows: readonly Row[] = [
  queue('`await`, `then`, a thenable', () => (task) => Promise.resolve().then(task), ['A', 'B']),
  queue(
    '`setTimeout`, `setImmediate`, `process.nextTick`, `queueMicrotask`',
    () => (task) =>
      setTimeout(() =>
        setImmediate(() => process.nextTick(() => queueMicrotask(() => void task()))),
      ),
    ['A', 'B'],
  ),
  queue(
    'p-queue: `add`',
    () => {
      const tasks = new PQueue({ concurrency: 1 })
      return (task) => tasks.add(task)
    },
    ['A', 'B'],
  ),
  queue(
    'fastq: `push`, callbacks',
    () => {
      const tasks = fastq<unknown, Task>((task, done) => void thenCall(task, done), 1)
      return (task) => tasks.push(task)
    },
    ['A', 'A'],
  ),
  queue(
    'fastq: `push`, promises',
    () => {
      const tasks = fastq.promise((task: Task) => task(), 1)
      return (task) => tasks.push(task)
    },
    ['A', 'A'],
  ),
  queue(
    'async: `queue`',
    () => {
      const tasks = async.queue<Task>((task, done) => void thenCall(task, done), 1)
      return (task) => void tasks.push(task)
    },
    ['A', 'A'],
  ),
  queue(
    'RxJS: a `Subject` and `concatMap`',
    () => {
      const tasks = new Subject<Task>()
      tasks.pipe(concatMap((task) => from(task()))).subscribe()
      return (task) => tasks.next(task)
    },
    ['A', 'A'],
  ),
  queue(
    'a `Transform` stream: `transform`',
    () => {
      const tasks = new Transform({
        objectMode: true,
        transform: (task: Task, _encoding, done) => void thenCall(task, done),
      })
      return (task) => tasks.write(task)
    },
    ['A', 'A'],
  ),
  listener(
    '`EventEmitter`: a listener',
    'the context of whoever emits',
    ['C', 'C'],
    (note) => emitter.on('ready', note),
    () => emitter.emit('ready'),
    'bind what belongs to a request: `on(name, bindContext(listener))`, or all of it: `bindContext(emitter)`',
  ),
  listener(
    '`EventTarget`, `AbortSignal`: a listener',
    'the context of whoever dispatches',
    ['C', 'C'],
    (note) => target.addEventListener('ready', note),
    () => target.dispatchEvent(new Event('ready')),
  ),
  listener(
    '`MessagePort`, `worker`: a listener of `message`',
    'no context',
    ['none', 'none'],
    (note) => port1.on('message', note),
    () => port2.postMessage('ready'),
    'carry the context in the message (`@throughline/worker/threads`), or bind the listener',
  ),
  listener(
    'a child process: a listener of `message`',
    'the context of `fork`',
    ['fork', 'fork'],
    (note) => child.on('message', note),
    () => child.send('ready'),
    'carry the context in the message, or bind the listener',
  ),
  schedule('`setInterval`', (tick) => {
    const timer = setInterval(tick, 1)
    return () => clearInterval(timer)
  }),
  schedule('cron libraries (croner)', (tick) => {
    // Two dates rather than a pattern, whose ticks are a second apart.
    const jobs = [20, 30].map((ms) => new Cron(new Date(Date.now() + ms), tick))
    return () => jobs.forEach((job) => job.stop())
  }),
]

describe.each(rows)('$where', ({ sees, fixed, run }) => {
  test('runs where the table says', async () => {
    expect(await run(false)).toEqual(sees)
  })

  test('runs where it belongs once the table is followed', async () => {
    expect(await run(true)).toEqual(fixed)
  })
})

test('the table in docs/explanation/context.md is this one (UPDATE_DOCS=1 writes it)', () => {
  const file = new URL('../../../../docs/explanation/context.md', import.meta.url)
  const text = readFileSync(file, 'utf8')
  const [before, rest = ''] = text.split(START)
  const [, after] = rest.split(END)
  const written = `${before}${START}\n\n${table()}\n\n${END}${after}`
  if (process.env['UPDATE_DOCS']) writeFileSync(file, written)
  expect(readFileSync(file, 'utf8')).toBe(written)
})

const START = '<!-- rows of packages/core/test/propagation/context-loss.test.ts -->'
const END = '<!-- end of rows -->'

/** As the formatter writes tables: columns padded to their widest cell. */
function table(): string {
  const head = ['where', 'runs in', 'what to do']
  const cells = [
    head,
    ...rows.map(({ where, runsIn, remedy }) => [where, runsIn, remedy || 'nothing']),
  ]
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  const lines = cells.map((row) => line(row.map((cell, column) => cell.padEnd(widths[column]!))))
  lines.splice(1, 0, line(widths.map((width) => '-'.repeat(width))))
  return lines.join('\n')
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
