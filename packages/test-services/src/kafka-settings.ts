/** The release that is downloaded, or run in Docker. */
export const kafkaVersion = '4.4.0'

/** Any 16 bytes in base64 make a cluster id. */
export const clusterId = 'AAAAAAAAAAAAAAAAAAAAAQ'

/** Where a broker listens and keeps its data. */
export interface KafkaPlace {
  readonly port: number
  readonly controllerPort: number
  readonly dataFolder: string
  /**
   * Address on which the broker listens.
   * @defaultValue `127.0.0.1`
   */
  readonly host?: string
}

/** Settings of a single broker that is its own controller, tuned for quick starts. */
export function kafkaSettings(place: KafkaPlace): Record<string, string> {
  const { port, controllerPort, dataFolder, host = '127.0.0.1' } = place
  const controller = `127.0.0.1:${controllerPort}`
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://${host}:${port},CONTROLLER://${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': dataFolder,
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'false',
    'num.partitions': '1',
    // With the defaults a broker that was killed comes back after 12 s, with these after 3 s.
    'broker.session.timeout.ms': '1000',
    'broker.heartbeat.interval.ms': '200',
  }
}

/** The settings as the text of `server.properties`. */
export function propertiesText(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}
