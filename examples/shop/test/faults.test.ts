import { afterEach, expect, test } from 'vitest'
import { fileURLToPath } from 'node:url'
import { DemoProcess } from './demo-process.ts'

const STOP_LIMIT_MS = 5000
let demo: DemoProcess

afterEach(async () => {
  const left = (): string[] => [...demo.processes().values()]
  await expect.poll(left, { timeout: STOP_LIMIT_MS }).toEqual([])
})

/** Ends with its own time limit: the promise is that stopping takes 5 s at most. */
async function interrupt(): Promise<number | null> {
  demo.child.kill('SIGINT')
  const timer = setTimeout(() => demo.child.kill('SIGKILL'), STOP_LIMIT_MS)
  const { code } = await demo.ended
  clearTimeout(timer)
  return code
}

test('Ctrl-C while the servers start stops everything', async () => {
  demo = new DemoProcess([])
  await demo.says('starting Kafka')
  expect(await interrupt()).toBe(130)
})

test('Ctrl-C while orders are on their way stops everything', async () => {
  demo = new DemoProcess([])
  await demo.says('placing six orders')
  expect(await interrupt()).toBe(130)
})

test('a service that crashes at start is named with what it said, and nothing is left', async () => {
  const crash = fileURLToPath(new URL('fixtures/crash-shipping.cjs', import.meta.url))
  demo = new DemoProcess(['--json'], { NODE_OPTIONS: `--require ${crash}` })
  const { code, stdout, stderr } = await demo.ended
  expect(code).toBe(1)
  expect(stderr).toContain('the service shipping ended before it was ready (exit code 3)')
  expect(stderr).toContain('no licence for this label printer')
  expect(JSON.parse(stdout)).toMatchObject({ ok: false })
})

test('a broker that is killed in the middle is named, and nothing is left', async () => {
  demo = new DemoProcess(['--keep'])
  await demo.says('the shop is open')
  const [broker] = [...demo.processes()].find(([, line]) => /^\S*java .* kafka\.Kafka /.test(line))!
  process.kill(broker, 'SIGKILL')
  const { code, stderr } = await demo.ended
  expect(code).toBe(1)
  expect(stderr).toContain('kafka ended in the middle of the demo')
})
