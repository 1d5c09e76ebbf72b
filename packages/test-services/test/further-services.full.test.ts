import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answer } from '../src/answer.ts'
import { startServices, type ServiceName, type Services } from '../src/index.ts'
import { addressVariables } from '../src/service.ts'

const names: readonly ServiceName[] = ['nats', 'rabbitmq', 'mqtt']
const env = { ...process.env }
for (const name of names) delete env[addressVariables[name]]

describe.for(names)('%s', (name) => {
  let services: Services
  beforeAll(async () => {
    services = await startServices([name], { env })
  }, 400_000)
  afterAll(() => services.stop())

  test('answers in its own protocol', async () => {
    await answer[name](services[name]?.address ?? '')
  })

  test('answers at the same address after a kill', async () => {
    const service = services[name]
    const exited = service?.exited
    await service?.kill()
    expect((await exited)?.status).toBe(137)
    await expect(answer[name](service?.address ?? '')).rejects.toThrow()
    await service?.restart()
    await answer[name](service?.address ?? '')
  })

  test('another server at its address is not taken for it', async () => {
    const other = names.find((candidate) => candidate !== name) ?? 'nats'
    const { [other]: stranger, stop } = await startServices([other], { env })
    const port = new URL(stranger?.address ?? '').port
    await expect(answer[name](`tcp://127.0.0.1:${port}`)).rejects.toThrow()
    await stop()
  }, 60_000)
})
