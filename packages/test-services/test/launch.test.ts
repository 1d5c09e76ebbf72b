import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createRunFolder } from '../src/cache-folder.ts'
import { freePorts } from '../src/free-port.ts'
import { launchServer } from '../src/launch.ts'
import type { ServerPlan } from '../src/server-plan.ts'
import { startServices } from '../src/services.ts'
import { contextFor, fakeMachine, fakeRedisCommand, type FakeMachine } from './fake-machine.ts'

async function planFor(machine: FakeMachine): Promise<ServerPlan> {
  return {
    name: 'redis',
    folder: await createRunFolder('redis', machine.env),
    portCount: 1,
    stopSignal: 'KILL',
    command: async ([port]) => [...fakeRedisCommand, '--port', String(port)],
    isOurs: (identity, pid) => identity === String(pid),
  }
}

async function takenPort(): Promise<number> {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  onTestFinished(() => void holder.close())
  return (holder.address() as AddressInfo).port
}

test('a port that was taken in the meantime leads to another port', async () => {
  const machine = await fakeMachine()
  const lines: string[] = []
  const context = { ...contextFor(machine), onProgress: (line: string) => lines.push(line) }
  const taken = await takenPort()
  const ports = [[taken], await freePorts(1)]
  const plan = await planFor(machine)
  const server = await launchServer(plan, 'test', context, async () => ports.shift() ?? [])
  expect(ports).toEqual([])
  expect(server.address).not.toContain(String(taken))
  expect(lines).toEqual([`redis: port ${taken} was taken, trying others`])
  await server.stop()
})

test('a server of somebody else on the port is not taken for ours', async () => {
  const machine = await fakeMachine()
  await machine.addRedis()
  const other = await startServices(['redis'], { env: machine.env })
  const port = Number(other.redis?.address.split(':').at(-1))
  const ports = [[port], await freePorts(1)]
  const plan = await planFor(machine)
  const server = await launchServer(plan, 'test', contextFor(machine), async () => ports.shift()!)
  expect(server.address).not.toBe(other.redis?.address)
  await server.stop()
  await other.stop()
})

test('after three taken ports the start fails', async () => {
  const machine = await fakeMachine()
  const taken = await takenPort()
  let picks = 0
  const pick = async (): Promise<number[]> => {
    picks += 1
    return [taken]
  }
  const start = launchServer(await planFor(machine), 'test', contextFor(machine), pick)
  await expect(start).rejects.toThrow(/ended with status 1 .*EADDRINUSE/s)
  expect(picks).toBe(3)
})

test('free ports differ and are free', async () => {
  const ports = await freePorts(20)
  expect(new Set(ports).size).toBe(20)
  const server = createServer().listen(ports[0], '127.0.0.1')
  await once(server, 'listening')
  server.close()
})
