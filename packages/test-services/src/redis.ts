import { dockerWay } from './docker.ts'
import { findProgram } from './program.ts'
import type { Way } from './server-plan.ts'
import { systemPackageWay } from './system-package.ts'

const program: Way = {
  how: 'program on this machine',
  prepare: async (context, folder) => {
    const path =
      findProgram('redis-server', context.env) ?? findProgram('valkey-server', context.env)
    if (!path) throw new Error('neither redis-server nor valkey-server is on the PATH')
    return {
      name: 'redis',
      folder,
      portCount: 1,
      stopSignal: 'KILL',
      command: async ([port]) => [
        path,
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--dir',
        folder,
        // No snapshots: the data are thrown away in any case.
        '--save',
        '',
      ],
      isOurs: (identity, pid) => identity === String(pid),
    }
  },
}

/** The ways to a Redis server, in the order to be tried. */
export const redisWays: readonly Way[] = [
  program,
  systemPackageWay(['redis-server'], program),
  dockerWay({
    name: 'redis',
    image: 'redis:7-alpine',
    options: (port) => [`--publish=127.0.0.1:${port}:6379`],
  }),
]
