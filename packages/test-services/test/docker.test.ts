import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { answer } from '../src/answer.ts'
import { startServices } from '../src/index.ts'
import { fakeMachine, fakeRedisCommand, type FakeMachine } from './fake-machine.ts'

// Acts as the Docker client of an engine that runs containers as children of the client.
const docker = (machine: FakeMachine): string => `
PATH=$PATH:/usr/bin:/bin
cd '${machine.folder}'
echo "$@" | sed -E 's/(run-redis-).*/\\1/' >>calls
case $1 in
  info) exit 0 ;;
  image) exit 1 ;;
  pull) exit 0 ;;
  run) port=\${4#--publish=127.0.0.1:}; port=\${port%:*}; echo $port >port; echo $$ >pid
    exec ${fakeRedisCommand.join(' ')} --port $port ;;
  start) echo $$ >pid; exec ${fakeRedisCommand.join(' ')} --port $(cat port) ;;
  kill) kill -KILL $(cat pid) ;;
esac
`

test('a container is run, killed, started again and removed', async () => {
  const machine = await fakeMachine()
  await machine.addProgram('docker', docker(machine))
  const { redis, stop } = await startServices(['redis'], { env: machine.env })
  const address = redis?.address ?? ''
  expect(redis?.how).toBe('Docker')
  await redis?.kill()
  await expect(answer.redis(address)).rejects.toThrow()
  await redis?.restart()
  await answer.redis(address)
  await stop()
  await expect(answer.redis(address)).rejects.toThrow()
  expect(await machine.runFolders()).toEqual([])
  const calls = await readFile(join(machine.folder, 'calls'), 'utf8')
  expect(calls).toMatchInlineSnapshot(`
    "info
    image inspect redis:7-alpine
    pull --quiet redis:7-alpine
    rm --force throughline-run-redis-
    run --name throughline-run-redis-
    kill throughline-run-redis-
    start --attach throughline-run-redis-
    rm --force --volumes throughline-run-redis-
    rm --force --volumes throughline-run-redis-
    "
  `)
})
