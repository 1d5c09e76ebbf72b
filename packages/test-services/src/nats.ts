import { basename } from 'node:path'
import { dockerWay } from './docker.ts'
import { findProgram } from './program.ts'
import type { Way } from './server-plan.ts'
import { systemPackageWay } from './system-package.ts'

const program: Way = {
  how: 'program on this machine',
  prepare: async (context, folder) => {
    const path = findProgram('nats-server', context.env, ['/usr/sbin'])
    if (!path) throw new Error('nats-server is not on the PATH')
    const name = basename(folder)
    return {
      name: 'nats',
      folder,
      portCount: 1,
      stopSignal: 'KILL',
      command: async ([port]) => [path, '--addr=127.0.0.1', `--port=${port}`, `--name=${name}`],
      isOurs: (identity) => identity === name,
    }
  },
}

/** The ways to a NATS server, in the order to be tried. */
export const natsWays: readonly Way[] = [
  program,
  systemPackageWay(['nats-server'], program),
  dockerWay({
    name: 'nats',
    image: 'nats:2-alpine',
    options: (port) => [`--publish=127.0.0.1:${port}:4222`],
  }),
]
