import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { answer } from '../src/answer.ts'
import { existingService } from '../src/existing-service.ts'
import { ServiceError, startServices, type Services } from '../src/index.ts'
import { isRunning } from '../src/process-identity.ts'
import { eventually, fakeMachine, type FakeMachine } from './fake-machine.ts'

async function machineWithRedis(fault?: string): Promise<FakeMachine> {
  const machine = await fakeMachine()
  await machine.addRedis()
  if (fault) machine.env.FAKE_REDIS = fault
  return machine
}

async function failure(promise: Promise<Services>): Promise<ServiceError> {
  return promise.then(
    () => expect.unreachable('the start should fail'),
    (error: unknown) => error as ServiceError,
  )
}

describe('a server program on the machine', () => {
  test('is started on a free port and stopped with its data', async () => {
    const { env, runFolders } = await machineWithRedis()
    const progress: string[] = []
    const services = await startServices(['redis'], { env, onProgress: (l) => progress.push(l) })
    const { redis } = services
    expect(redis?.how).toBe('program on this machine')
    expect(redis?.address).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/)
    expect(services.env).toEqual({ REDIS_URL: redis?.address })
    expect(progress.join()).toContain('redis: answers at redis://')
    const pid = redis?.pid ?? 0
    expect(isRunning(pid)).toBe(true)
    expect(await runFolders()).toHaveLength(1)
    await services.stop()
    await services.stop()
    expect(isRunning(pid)).toBe(false)
    expect(await runFolders()).toEqual([])
  })

  test('that ends while it starts is reported at once with the end of its log', async () => {
    const { env, runFolders } = await machineWithRedis('fails')
    const error = await failure(startServices(['redis'], { env }))
    expect(error).toBeInstanceOf(ServiceError)
    expect(error.code).toBe('ERR_SERVICES_START')
    expect(error.message).toMatchInlineSnapshot(`
      "Redis did not start.
      Tried, in this order:
        - environment: REDIS_URL is not set
        - program on this machine: it ended with status 3 before it answered; the end of its log:
            reading the configuration
            FATAL: the configuration is broken
      What to do: set REDIS_URL to a server that runs, or install Redis (apt-get install redis-server), or start Docker."
    `)
    expect(await runFolders()).toEqual([])
  })

  test('that dies later tells how it ended, and can be started again in its place', async () => {
    const { env } = await machineWithRedis()
    const { redis, stop } = await startServices(['redis'], { env })
    const client = new Redis(redis?.address ?? '', { retryStrategy: () => null })
    client.on('error', () => {})
    await client.call('shutdown').catch(() => {})
    expect(await redis?.exited).toEqual({ status: 9, logTail: 'dying as asked' })
    const before = redis?.pid
    await redis?.restart()
    expect(redis?.pid).not.toBe(before)
    await expect(answer.redis(redis?.address ?? '')).resolves.toBe(String(redis?.pid))
    await stop()
  })

  test('can be killed and started again on the same port', async () => {
    const { env } = await machineWithRedis()
    const { redis, stop } = await startServices(['redis'], { env })
    const address = redis?.address ?? ''
    const exited = redis?.exited
    await redis?.kill()
    expect((await exited)?.status).toBe(137)
    await redis?.kill()
    await expect(answer.redis(address)).rejects.toThrow()
    await redis?.restart()
    await redis?.restart()
    expect(await answer.redis(address)).toBe(String(redis?.pid))
    await stop()
    await expect(redis?.restart()).rejects.toThrow('redis was stopped')
    await expect(answer.redis(address)).rejects.toThrow()
  })

  test('is ended when the start is aborted', async () => {
    const { env, runFolders } = await machineWithRedis('silent')
    const abort = new AbortController()
    const start = startServices(['redis'], { env, signal: abort.signal })
    const outcome = failure(start)
    await eventually(async () => expect(await runFolders()).toHaveLength(1))
    abort.abort(new Error('enough'))
    expect((await outcome).message).toBe('enough')
    expect(await runFolders()).toEqual([])
  })

  test('is not even started when the signal is aborted already', async () => {
    const { env, runFolders } = await machineWithRedis()
    const signal = AbortSignal.abort(new Error('too late'))
    await expect(startServices(['redis'], { env, signal })).rejects.toThrow('too late')
    await expect(runFolders()).rejects.toThrow('ENOENT')
  })

  test('is stopped when another service fails', async () => {
    const { env, runFolders } = await machineWithRedis()
    const error = await failure(startServices(['redis', 'kafka'], { env }))
    expect(error.service).toBe('kafka')
    expect(await runFolders()).toEqual([])
  })
})

test('the servers of a forked process end with the process that forked it', async () => {
  const { env, folder } = await machineWithRedis()
  const index = JSON.stringify(join(import.meta.dirname, '../src/index.ts'))
  const script = join(folder, 'forked.mjs')
  const lines = [
    `import { startServices } from ${index}`,
    "const { redis } = await startServices(['redis'])",
    'process.send(redis.pid)',
    // It lives on, as a test worker does whose test run was killed.
    'setInterval(() => {}, 1000)',
  ]
  await writeFile(script, lines.join('\n'))
  const forked = fork(script, { env, execArgv: [] })
  onTestFinished(() => void forked.kill('SIGKILL'))
  const [pid] = (await once(forked, 'message')) as [number]
  expect(isRunning(pid)).toBe(true)
  forked.disconnect()
  await eventually(() => expect(isRunning(pid)).toBe(false))
  expect(forked.exitCode).toBe(null)
})

describe('an address in the environment', () => {
  test('is used, and its server is left alone', async () => {
    const { env } = await machineWithRedis()
    const own = await startServices(['redis'], { env })
    const shared = await startServices(['redis'], { env: { ...env, ...own.env } })
    expect(shared.redis?.how).toBe('environment')
    expect(shared.redis?.pid).toBeUndefined()
    expect(shared.env).toEqual(own.env)
    await expect(shared.redis?.kill()).rejects.toThrow('not ours to end')
    await shared.stop()
    expect(isRunning(own.redis?.pid ?? 0)).toBe(true)
    await own.stop()
  })

  test('at which nothing answers is an error that hides the password', async () => {
    const signal = new AbortController().signal
    const address = 'redis://user:secret@127.0.0.1:1'
    const error = await existingService('redis', address, signal, 0).catch((e: unknown) => e)
    expect(String(error)).toContain('Redis does not answer at the address in REDIS_URL.')
    expect(String(error)).toContain('REDIS_URL=redis://user:***@127.0.0.1:1')
    expect(String(error)).toContain('unset REDIS_URL to have one started')
  })
})

describe('a machine without any way', () => {
  test('gets an error that names each way and what to do', async () => {
    const { env } = await fakeMachine()
    const error = await failure(startServices(['kafka'], { env }))
    expect(error.code).toBe('ERR_SERVICES_NO_WAY')
    const message = error.message.replace(
      /installing packages takes root/,
      'apt-get is not on the PATH',
    )
    expect(message).toMatchInlineSnapshot(`
      "Kafka cannot be started.
      Tried, in this order:
        - environment: KAFKA_BROKERS is not set
        - program on this machine: kafka-server-start and kafka-storage are neither on the PATH nor installed
        - Java and Maven: java is neither in JAVA_HOME nor on the PATH
        - system packages: apt-get is not on the PATH
        - Docker: docker is not on the PATH
      What to do: set KAFKA_BROKERS to a server that runs, or install Java 17 or newer and Maven (apt-get install default-jre-headless maven), or start Docker."
    `)
  })

  test('has no use for an old Java', async () => {
    const { env, addProgram } = await fakeMachine()
    await addProgram('java', 'echo \'openjdk version "11.0.2" 2019-01-15\' >&2')
    const error = await failure(startServices(['kafka'], { env }))
    expect(error.message).toMatch(/Kafka takes Java 17 or newer; .*java is openjdk version "11/)
  })

  test('has no use for Java alone', async () => {
    const { env, addProgram } = await fakeMachine()
    await addProgram('java', 'echo \'openjdk version "21.0.2" 2024-01-15\' >&2')
    const error = await failure(startServices(['kafka'], { env }))
    expect(error.message).toContain('Java and Maven: Java is there, but mvn is not on the PATH')
  })

  test('is told the end of what Maven said', async () => {
    const { env, addProgram } = await fakeMachine()
    await addProgram('java', 'echo \'openjdk version "21.0.2" 2024-01-15\' >&2')
    await addProgram('mvn', 'echo "[ERROR] no network"; exit 1')
    const error = await failure(startServices(['kafka'], { env }))
    expect(error.message).toMatch(/Java and Maven: mvn ended with status 1:\s+\[ERROR\] no network/)
  })

  test('is told that the Docker engine does not answer', async () => {
    const { env, addProgram } = await fakeMachine()
    await addProgram('docker', 'echo "Cannot connect to the Docker daemon" >&2; exit 1')
    const error = await failure(startServices(['redis'], { env }))
    expect(error.message).toContain(
      'Docker: docker is there, but its engine does not answer: Cannot connect to the Docker daemon',
    )
  })
})

test('an abort during an installation ends what it started', async () => {
  const { env, addProgram, folder } = await fakeMachine()
  await addProgram('java', 'echo \'openjdk version "21.0.2" 2024-01-15\' >&2')
  await addProgram('mvn', `/bin/sleep 600 & echo $! >'${folder}/pid'; wait`)
  const abort = new AbortController()
  const outcome = failure(startServices(['kafka'], { env, signal: abort.signal }))
  const pid = await eventually(async () => {
    const text = await readFile(`${folder}/pid`, 'utf8')
    expect(text).toMatch(/^\d+\n$/)
    return Number(text)
  })
  abort.abort(new Error('enough'))
  expect((await outcome).message).toBe('enough')
  await eventually(() => expect(isRunning(pid)).toBe(false))
})
