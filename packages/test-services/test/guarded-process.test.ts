import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, type TestContext } from 'vitest'
import { exists } from '../src/cache-folder.ts'
import { startGuarded, type GuardedCommand } from '../src/guarded-process.ts'
import { logTail } from '../src/log-tail.ts'
import { isRunning } from '../src/process-identity.ts'
import { eventually, fakeMachine } from './fake-machine.ts'

async function guarded(
  { onTestFinished }: TestContext,
  script: string,
  rest: Partial<GuardedCommand> = {},
): Promise<GuardedCommand> {
  const { folder, env } = await fakeMachine(onTestFinished)
  return {
    command: ['/bin/sh', '-c', script],
    folder,
    env: { ...env, PATH: process.env.PATH },
    logFile: join(folder, 'log'),
    stopSignal: 'TERM',
    ...rest,
  }
}

describe.concurrent('a guarded process', () => {
  test('reports its own status and both outputs', async (context) => {
    const options = await guarded(context, 'echo out; echo err >&2; exit 7')
    const running = await startGuarded(options)
    expect(await running.exited).toBe(7)
    expect(await logTail(options.logFile)).toBe('out\nerr')
    await running.stop()
  })

  test('reports the signal that ended it', async (context) => {
    const running = await startGuarded(await guarded(context, 'exec sleep 600'))
    process.kill(running.pid, 'SIGKILL')
    expect(await running.exited).toBe(137)
  })

  test('that cannot be run has status 127', async (context) => {
    const options = await guarded(context, '', { command: ['/no/such/program'] })
    const running = await startGuarded(options)
    expect(await running.exited).toBe(127)
    expect(await logTail(options.logFile)).toContain('/no/such/program')
  })

  test('keeps its folder when it ends by itself, and loses it when it is stopped', async (context) => {
    const ended = await guarded(context, 'exit 0', { removeFolder: true })
    await (
      await startGuarded(ended)
    ).exited
    expect(await exists(ended.folder)).toBe(true)
    const stopped = await guarded(context, 'exec sleep 600', { removeFolder: true })
    await (await startGuarded(stopped)).stop()
    expect(await exists(stopped.folder)).toBe(false)
  })

  test('that ignores the signal is killed, with all that it started', async (context) => {
    const options = await guarded(context, "trap '' TERM; sleep 600 & echo $!; wait; sleep 600")
    const running = await startGuarded(options)
    const child = await eventually(async () => {
      const pid = Number(await logTail(options.logFile))
      expect(pid).toBeGreaterThan(0)
      return pid
    })
    await running.stop()
    expect(await running.exited).toBe(137)
    expect(isRunning(running.pid)).toBe(false)
    await eventually(() => expect(isRunning(child)).toBe(false))
  })

  test('ends when its parent is killed, and its folder with it', async (context) => {
    const options = await guarded(context, 'exec sleep 600', { removeFolder: true })
    const data = join(options.folder, 'data')
    await mkdir(data)
    const script = `
      import { startGuarded } from ${JSON.stringify(join(import.meta.dirname, '../src/guarded-process.ts'))}
      const { pid } = await startGuarded(${JSON.stringify(options)})
      console.log(pid)
    `
    const args = ['--input-type=module-typescript', '--eval', script]
    const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = Number(line.toString())
    expect(isRunning(pid)).toBe(true)
    parent.kill('SIGKILL')
    await eventually(() => expect(isRunning(pid)).toBe(false))
    await eventually(async () => expect(await exists(options.folder)).toBe(false))
  })
})
