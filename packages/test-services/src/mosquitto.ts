import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dockerWay } from './docker.ts'
import { findProgram } from './program.ts'
import type { Way } from './server-plan.ts'
import { systemPackageWay } from './system-package.ts'

const program: Way = {
  how: 'program on this machine',
  prepare: async (context, folder) => {
    const path = findProgram('mosquitto', context.env, ['/usr/sbin'])
    if (!path) throw new Error('mosquitto is not on the PATH')
    const settings = join(folder, 'mosquitto.conf')
    return {
      name: 'mqtt',
      folder,
      portCount: 1,
      stopSignal: 'KILL',
      command: async ([port]) => {
        await writeFile(settings, `listener ${port} 127.0.0.1\nallow_anonymous true\n`)
        return [path, '-c', settings]
      },
    }
  },
}

/** The ways to an MQTT broker, Mosquitto, in the order to be tried. */
export const mosquittoWays: readonly Way[] = [
  program,
  systemPackageWay(['mosquitto'], program),
  dockerWay({
    name: 'mqtt',
    image: 'eclipse-mosquitto:2',
    options: (port) => [`--publish=127.0.0.1:${port}:1883`],
    arguments: ['mosquitto', '-c', '/mosquitto-no-auth.conf'],
  }),
]
