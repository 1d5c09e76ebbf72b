import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ROOT_CONTEXT, context, propagation, trace } from '@opentelemetry/api'
import { suppressTracing } from '@throughline/core/propagation'
import { withSpan } from '@throughline/core'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  contextFromEnv,
  messageListener,
  traceChildProcesses,
  traceEnv,
  traceMessage,
} from '../src/child-process/index.ts'

const { execPath } = process
const PRINT = 'console.log(JSON.stringify(process.env))'
const STALE = { Traceparent: 'stale', TRACESTATE: 'stale=1', baggage: 'stale=1', PATH: '/bin' }

describe('with an SDK', () => {
  let tracing: TestTracing
  beforeAll(() => {
    tracing = createTestTracing()
  })
  afterEach(() => tracing.reset())
  afterAll(() => tracing.shutdown())

  const { spawn, exec, execFile, fork } = traceChildProcesses()
  const idOf = (traceparent: unknown): unknown => String(traceparent).split('-')[2]

  it('starts the process in a span that ends with it, and hands over that context', async () => {
    const { stdout } = await withSpan('request', () => promisify(execFile)(execPath, ['-e', PRINT]))
    const span = tracing.span('node')
    expect(span).toMatchObject({
      kind: 'CLIENT',
      status: 'UNSET',
      parentSpanId: tracing.span('request').spanId,
    })
    expect(span.attributes).toEqual({
      'process.executable.name': 'node',
      'process.pid': expect.any(Number),
      'process.exit.code': 0,
    })
    expect(idOf(JSON.parse(stdout).TRACEPARENT)).toBe(span.spanId)
  })

  it.each([
    ['spawn', () => spawn(execPath, ['-e', 'process.exit(3)']), 'node'],
    ['spawn with a shell', () => spawn('exit 3; secret', { shell: true }), 'sh'],
    ['exec', () => exec('exit 3; secret'), 'sh'],
    ['execFile', () => execFile(execPath, ['-e', 'process.exit(3)'], () => {}), 'node'],
    [
      'fork',
      () => fork(fileURLToPath(new URL('fixtures/exit.ts', import.meta.url)), ['3']),
      'node',
    ],
  ])(
    'makes an error of a process that ends with another code than 0: %s',
    async (_, start, name) => {
      expect(await once(start(), 'exit')).toEqual([3, null])
      const span = tracing.span(name)
      expect(span).toMatchObject({
        status: 'ERROR',
        attributes: { 'process.exit.code': 3, 'error.type': '3' },
      })
      expect(JSON.stringify(tracing.spans())).not.toContain('secret')
    },
  )

  it('makes an error of a process that was killed', async () => {
    const child = spawn(execPath, ['-e', 'setInterval(() => {}, 1000)'])
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(tracing.span('node')).toMatchObject({
      status: 'ERROR',
      attributes: { 'error.type': 'SIGKILL' },
    })
  })

  it('makes an error of a program that is not there, and leaves the error to its listeners', async () => {
    const child = spawn('no-such-program')
    const [error] = await once(child, 'error').catch((thrown: unknown) => [thrown])
    expect(error).toMatchObject({ code: 'ENOENT' })
    expect(tracing.span('no-such-program')).toMatchObject({
      status: 'ERROR',
      attributes: { 'error.type': 'ENOENT' },
    })
  })

  it('lets the errors of Node appear as they are', () => {
    expect(() => spawn(7 as never)).toThrow(/"file" argument must be of type string/)
    expect(() => spawn('x', [], { cwd: 7 as never })).toThrow(/cwd/)
    expect(tracing.unended()).toEqual([])
  })

  it('keeps what promisify promises: the process, and the output on the error', async () => {
    const running = promisify(exec)('echo out; exit 2')
    expect(running.child.pid).toBeGreaterThan(0)
    await expect(running).rejects.toMatchObject({ code: 2, stdout: 'out\n', stderr: '' })
    expect(await promisify(execFile)(execPath, ['-p', '7'])).toEqual({ stdout: '7\n', stderr: '' })
  })

  it('F13: replaces what processes above left in the environment, and changes nothing else', async () => {
    const env = { ...STALE }
    const child = withSpan('request', () => spawn(execPath, ['-e', PRINT], { env }))
    const [output] = await once(child.stdout, 'data')
    const seen = JSON.parse(String(output)) as Record<string, string>
    await once(child, 'exit')
    expect(idOf(seen['TRACEPARENT'])).toBe(tracing.span('node').spanId)
    expect(seen).toMatchObject({ PATH: '/bin' })
    expect(Object.keys(seen).filter((name) => /trace|baggage/i.test(name))).toEqual(['TRACEPARENT'])
    expect(env).toEqual(STALE)
  })

  it('F13: takes stale fields out also where no span is active', () => {
    expect(traceEnv(STALE)).toEqual({ PATH: '/bin' })
    expect(process.env['TRACEPARENT']).toBeUndefined()
  })

  it('reads the context of a process out of its environment', () => {
    const baggage = propagation.createBaggage({ tenant: { value: 'blue' } })
    const env = withSpan('request', () =>
      context.with(propagation.setBaggage(context.active(), baggage), () => traceEnv({})),
    )
    const read = contextFromEnv(env)
    expect(trace.getSpanContext(read)).toMatchObject({
      spanId: tracing.span('request').spanId,
      isRemote: true,
    })
    expect(propagation.getBaggage(read)?.getEntry('tenant')?.value).toBe('blue')
    expect(contextFromEnv({ TRACEPARENT: 'nonsense' })).toBe(ROOT_CONTEXT)
    expect(contextFromEnv()).toBe(ROOT_CONTEXT)
  })

  it('records arguments where it is asked to, and what the hooks say', async () => {
    const traced = traceChildProcesses({
      captureArgs: true,
      spanName: (executable) => `run ${executable}`,
      attributes: ({ exitCode, signal }) => ({ told: `${exitCode} ${signal}` }),
    })
    await once(traced.spawn(execPath, ['-e', '0']), 'exit')
    expect(tracing.span('run node').attributes).toMatchObject({
      'process.command_args': ['-e', '0'],
      told: '0 null',
    })
  })

  it('makes no span of what is ignored, suppressed or not enabled', async () => {
    const ignoring = traceChildProcesses({ ignore: (executable) => executable === 'node' })
    const { stdout } = await withSpan('request', () =>
      promisify(ignoring.execFile)(execPath, ['-e', PRINT]),
    )
    expect(JSON.parse(stdout)).not.toHaveProperty('TRACEPARENT')
    await once(
      context.with(suppressTracing(ROOT_CONTEXT), () => spawn(execPath, ['-e', '0'])),
      'exit',
    )
    await once(traceChildProcesses({ enabled: false }).spawn(execPath, ['-e', '0']), 'exit')
    expect(tracing.spans().map((span) => span.name)).toEqual(['request'])
  })

  it('F16: works where every hook throws', async () => {
    const broken = (): never => {
      throw new Error('broken')
    }
    const traced = traceChildProcesses({ ignore: broken, spanName: broken, attributes: broken })
    expect(await once(traced.spawn(execPath, ['-e', '0']), 'exit')).toEqual([0, null])
    expect(tracing.span('node').status).toBe('UNSET')
  })

  it('carries the context of each message to another process and back', async () => {
    const program = fileURLToPath(new URL('fixtures/echo.ts', import.meta.url))
    const child = withSpan('fork', () =>
      fork(program, { execArgv: ['--conditions=@throughline/source'] }),
    )
    const answers: unknown[] = []
    const finished = new Promise<void>((resolve) => {
      child.on(
        'message',
        messageListener((value: unknown) => {
          answers.push([value, trace.getSpanContext(context.active())?.spanId])
          if (answers.length === 3) resolve()
        }),
      )
    })
    const sent = ['a', 'b'].map((name) =>
      withSpan(name, (span) => {
        child.send(traceMessage(name))
        return span.spanContext().spanId
      }),
    )
    child.send('plain')
    await finished
    child.kill()
    await once(child, 'exit')
    expect(answers).toEqual([
      [{ value: 'a', spanId: sent[0] }, sent[0]],
      [{ value: 'b', spanId: sent[1] }, sent[1]],
      [{ value: 'plain' }, undefined],
    ])
  })

  it.each([
    ['no carrier', undefined],
    ['null', null],
    ['text', 'x'],
    ['numbers', { traceparent: 1, tracestate: 2 }],
    ['lists', { traceparent: ['00-1', '00-2'] }],
    ['nonsense', { traceparent: 'garbage', baggage: '%E0%A4%A' }],
  ])('hands a message over whose envelope was damaged: %s', (_, carrier) => {
    const seen: unknown[] = []
    const listener = messageListener((value: number, ...rest: unknown[]) => {
      seen.push(value, ...rest, trace.getSpan(context.active()))
    })
    listener({ ...traceMessage(7), carrier } as never, 'handle')
    expect(seen).toEqual([7, 'handle', undefined])
  })
})

it('hands the environment on as it is where there is no SDK', () => {
  expect(traceEnv(STALE)).toEqual(STALE)
})

it('refuses options that cannot work', () => {
  expect(() => traceChildProcesses({ captureArgs: 'yes' as never })).toThrow(
    /"captureArgs" must be a boolean/,
  )
})
