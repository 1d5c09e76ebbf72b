import { basename } from 'node:path'
import { dockerWay } from './docker.ts'
import { findProgram } from './program.ts'
import type { Way } from './server-plan.ts'
import { systemPackageWay } from './system-package.ts'

// The package's own command on the PATH would change the user when it is run as root.
const programFolders = ['/usr/lib/rabbitmq/bin', '/opt/homebrew/opt/rabbitmq/sbin']

// Erlang's port mapper would be started as a daemon that outlives the server. Started first, on a
// port of its own and in the server's process group, it is found and ends with the server.
const script = 'epmd -port "$ERL_EPMD_PORT" & exec "$0"'

const program: Way = {
  how: 'program on this machine',
  prepare: async (context, folder) => {
    const path = findProgram('rabbitmq-server', { PATH: '' }, programFolders)
    const server = path ?? findProgram('rabbitmq-server', context.env)
    if (!server) throw new Error('rabbitmq-server is neither in /usr/lib/rabbitmq nor on the PATH')
    const node = basename(folder).toLowerCase()
    return {
      name: 'rabbitmq',
      folder,
      portCount: 3,
      stopSignal: 'KILL',
      command: async ([port, distribution, mapper]) => [
        '/usr/bin/env',
        `HOME=${folder}`,
        'ERL_EPMD_ADDRESS=127.0.0.1',
        `ERL_EPMD_PORT=${mapper}`,
        'RABBITMQ_NODE_IP_ADDRESS=127.0.0.1',
        `RABBITMQ_NODE_PORT=${port}`,
        `RABBITMQ_DIST_PORT=${distribution}`,
        `RABBITMQ_NODENAME=${node}@localhost`,
        `RABBITMQ_MNESIA_BASE=${folder}`,
        `RABBITMQ_LOG_BASE=${folder}`,
        'RABBITMQ_LOGS=-',
        `RABBITMQ_PID_FILE=${folder}/server.pid`,
        `RABBITMQ_ENABLED_PLUGINS_FILE=${folder}/plugins`,
        '/bin/sh',
        '-c',
        script,
        server,
      ],
      // The host in the name that it tells is another.
      isOurs: (identity) => identity.includes(`${node}@`),
    }
  },
}

/** The ways to a RabbitMQ server, in the order to be tried. */
export const rabbitmqWays: readonly Way[] = [
  program,
  systemPackageWay(['rabbitmq-server'], program),
  dockerWay({
    name: 'rabbitmq',
    image: 'rabbitmq:4-alpine',
    options: (port) => [`--publish=127.0.0.1:${port}:5672`],
  }),
]
