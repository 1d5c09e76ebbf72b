import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from './rpc-app.ts'

/** A broker of one's own, started from Debian's package. */
export interface Broker {
  readonly port: number
  stop(): Promise<void>
}

type Command = (port: number, folder: string) => readonly [string, string[], NodeJS.ProcessEnv?]

export const NATS: Command = (port) => ['nats-server', ['-a', '127.0.0.1', '-p', String(port)]]

export const MQTT: Command = (port) => ['mosquitto', ['-p', String(port)]]

export const RABBITMQ: Command = (port, folder) => [
  '/usr/lib/rabbitmq/bin/rabbitmq-server', // the one in the path changes its user
  [],
  {
    RABBITMQ_NODENAME: `test-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(port + 1),
    RABBITMQ_MNESIA_BASE: folder,
    RABBITMQ_LOG_BASE: folder,
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins.list'),
    HOME: folder,
  },
]

/** Starts a broker and waits until it takes connections. */
export async function startBroker(command: Command): Promise<Broker> {
  const folder = await mkdtemp(join(tmpdir(), 'throughline-broker-'))
  const port = await freePort()
  const [program, args, env] = command(port, folder)
  const options = { env: { ...process.env, ...env }, stdio: 'ignore' as const, detached: true }
  const child = spawn(program, args, options)
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}`)))
  })
  failed.catch(() => {})
  await Promise.race([listening(port), failed])
  return {
    port,
    async stop() {
      await ended(child)
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

async function listening(port: number): Promise<void> {
  const until = Date.now() + 60_000
  while (Date.now() < until) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (open) return
    await wait(100)
  }
  throw new Error(`nothing listens on ${port}`)
}

/** The whole group: RabbitMQ's program is a script that starts others. */
function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    process.kill(-child.pid!, 'SIGKILL')
  })
}
