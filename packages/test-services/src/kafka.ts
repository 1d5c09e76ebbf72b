import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { dockerWay } from './docker.ts'
import { makeClassArchive } from './kafka-archive.ts'
import {
  classArchive,
  copyFormatted,
  kafkaCommand,
  kafkaJars,
  type KafkaJars,
} from './kafka-jars.ts'
import { clusterId, kafkaSettings, kafkaVersion, propertiesText } from './kafka-settings.ts'
import { findProgram } from './program.ts'
import type { ServerPlan, Way } from './server-plan.ts'
import { systemPackageWay } from './system-package.ts'

const program: Way = {
  how: 'program on this machine',
  prepare: async (context, folder) => {
    const { KAFKA_HOME } = context.env
    const folders = KAFKA_HOME ? [join(KAFKA_HOME, 'bin')] : ['/opt/kafka/bin']
    const find = (name: string): string | undefined =>
      findProgram(`${name}.sh`, context.env, folders) ?? findProgram(name, context.env, folders)
    const start = find('kafka-server-start')
    const storage = find('kafka-storage')
    if (!start || !storage) {
      throw new Error('kafka-server-start and kafka-storage are neither on the PATH nor installed')
    }
    // The scripts would write their logs beside themselves.
    const logs = join(folder, 'logs')
    const withLogs = ['/usr/bin/env', `LOG_DIR=${logs}`]
    const id = newClusterId()
    const file = await writeSettings(folder, [9092, 9093])
    const format = [storage, 'format', '-t', id, '-c', file]
    await runCommand([...withLogs, ...format], context, { folder, label: 'kafka-storage' })
    return brokerPlan(folder, id, [...withLogs, start])
  },
}

const mavenJars: Way = {
  how: 'Java and Maven',
  prepare: async (context, folder) => {
    const jars = await kafkaJars(context, folder)
    await makeClassArchive(
      jars,
      (own, options) => planFromJars(jars, own, options),
      context,
      folder,
    )
    return planFromJars(jars, folder, [`-XX:SharedArchiveFile=${await classArchive(jars)}`])
  },
}

/** The ways to a Kafka broker, in the order to be tried. */
export const kafkaWays: readonly Way[] = [
  program,
  mavenJars,
  systemPackageWay(['default-jre-headless', 'maven'], mavenJars),
  dockerWay({
    name: 'kafka',
    image: `apache/kafka:${kafkaVersion}`,
    options: (port) => {
      const place = { port, controllerPort: port === 9093 ? 9094 : 9093, dataFolder: '/tmp/data' }
      const settings = Object.entries(kafkaSettings({ ...place, host: '0.0.0.0' }))
      return [
        `--publish=127.0.0.1:${port}:${port}`,
        `--env=CLUSTER_ID=${clusterId}`,
        // The image reads its settings from variables: log.dirs is KAFKA_LOG_DIRS.
        ...settings.map(
          ([key, value]) => `--env=KAFKA_${key.toUpperCase().replaceAll('.', '_')}=${value}`,
        ),
      ]
    },
  }),
]

async function planFromJars(
  jars: KafkaJars,
  folder: string,
  options: readonly string[],
): Promise<ServerPlan> {
  const data = join(folder, 'data')
  await copyFormatted(jars, data)
  const id = newClusterId()
  const meta = join(data, 'meta.properties')
  const text = await readFile(meta, 'utf8')
  await writeFile(meta, text.replace(/^cluster\.id=.*$/m, `cluster.id=${id}`))
  return brokerPlan(folder, id, kafkaCommand(jars, options, 'kafka.Kafka'))
}

/** A plan for a broker of its own cluster, so that its answers are told from any other broker's. */
function brokerPlan(folder: string, id: string, command: readonly string[]): ServerPlan {
  return {
    name: 'kafka',
    folder,
    portCount: 2,
    // The data are thrown away, and an orderly shutdown takes up to two seconds.
    stopSignal: 'KILL',
    command: async (ports) => [...command, await writeSettings(folder, ports)],
    isOurs: (identity) => identity === id,
  }
}

async function writeSettings(folder: string, ports: readonly number[]): Promise<string> {
  const [port = 0, controllerPort = 0] = ports
  const dataFolder = join(folder, 'data')
  await mkdir(dataFolder, { recursive: true })
  const file = join(folder, 'server.properties')
  await writeFile(file, propertiesText(kafkaSettings({ port, controllerPort, dataFolder })))
  return file
}

function newClusterId(): string {
  return randomBytes(16).toString('base64url')
}
