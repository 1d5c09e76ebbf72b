import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, type TestContext } from 'vitest'
import { runCli } from '../src/commands.ts'
import { isRunning } from '../src/process-identity.ts'
import type { ServicesState } from '../src/state-file.ts'
import { eventually, fakeMachine, type FakeMachine } from './fake-machine.ts'

interface Commands {
  readonly machine: FakeMachine
  readonly run: (...args: string[]) => Promise<{ code: number; output: string }>
  readonly state: () => Promise<ServicesState>
}

async function commands({ onTestFinished }: TestContext): Promise<Commands> {
  const machine = await fakeMachine(onTestFinished)
  await machine.addRedis()
  const run: Commands['run'] = async (...args) => {
    const lines: string[] = []
    const code = await runCli(args, machine.env, (line) => lines.push(line))
    return { code, output: lines.join('\n') }
  }
  onTestFinished(async () => void (await run('down')))
  const file = join(machine.folder, 'cache/throughline/services/up.json')
  return { machine, run, state: async () => JSON.parse(await readFile(file, 'utf8')) }
}

describe.concurrent('services', () => {
  test('are up, told by status, and down', async (context) => {
    const { run, state, machine } = await commands(context)
    expect(await run('status')).toEqual({ code: 1, output: 'No services are up.' })
    const up = await run('up', 'redis')
    expect(up.code).toBe(0)
    const { services } = await state()
    const { address = '', pid = 0 } = services[0] ?? {}
    expect(up.output).toContain(`redis     answers (program on this machine, process ${pid})`)
    expect(up.output).toContain(`\nREDIS_URL=${address}`)
    expect((await run('up', 'redis')).code).toBe(0)
    const more = await run('up')
    expect(more.code).toBe(1)
    expect(more.output).toContain('without kafka and postgres: run "pnpm services down" first')
    expect(isRunning(pid)).toBe(true)
    expect(await run('down')).toEqual({ code: 0, output: 'Stopped redis.' })
    expect(isRunning(pid)).toBe(false)
    expect(await machine.runFolders()).toEqual([])
    expect(await run('down')).toEqual({ code: 0, output: 'No services are up.' })
  })

  test('that died are told by status', async (context) => {
    const { run, state } = await commands(context)
    await run('up', 'redis')
    const { services } = await state()
    process.kill(services[0]?.pid ?? 0, 'SIGKILL')
    await eventually(async () => {
      const { code, output } = await run('status')
      expect(code).toBe(1)
      expect(output).toMatch(/redis {5}does not answer .*process \d+ has ended/)
    })
  })

  test('end with the process that keeps them, even if it is killed', async (context) => {
    const { run, state } = await commands(context)
    await run('up', 'redis')
    const { pid, services } = await state()
    process.kill(pid, 'SIGKILL')
    await eventually(() => expect(isRunning(services[0]?.pid ?? 0)).toBe(false))
    await eventually(async () => expect((await run('status')).output).toBe('No services are up.'))
    // The record of the killed process is no obstacle.
    expect(await run('up', 'redis')).toMatchObject({ code: 0 })
    expect((await run('down')).code).toBe(0)
  })

  test('that cannot be started leave the reason and nothing else', async (context) => {
    const { run, machine } = await commands(context)
    machine.env.FAKE_REDIS = 'fails'
    const up = await run('up', 'redis')
    expect(up.code).toBe(1)
    expect(up.output).toContain('FATAL: the configuration is broken')
    expect((await run('status')).output).toBe('No services are up.')
    expect(await machine.runFolders()).toEqual([])
  })

  test.for(['SIGINT', 'SIGKILL'] as const)('end when up gets a %s', async (signal, context) => {
    const { machine, state } = await commands(context)
    const cli = join(import.meta.dirname, '../src/cli.ts')
    const env = { ...machine.env, FAKE_REDIS: 'silent' }
    const up = spawn(process.execPath, [cli, 'up', 'redis'], { env, stdio: 'ignore' })
    const exit = once(up, 'exit')
    await eventually(async () => expect(await machine.runFolders()).toHaveLength(1))
    const { pid } = await state()
    up.kill(signal)
    await exit
    await eventually(() => expect(isRunning(pid)).toBe(false))
    expect(await machine.runFolders()).toEqual([])
  })
})

test('a wrong command shows how it is used', async (context) => {
  const { run } = await commands(context)
  expect(await run('start')).toEqual({ code: 2, output: expect.stringContaining('Usage: pnpm') })
  const { code, output } = await run('up', 'mysql')
  expect(code).toBe(2)
  expect(output).toContain('There is no service "mysql".')
})
