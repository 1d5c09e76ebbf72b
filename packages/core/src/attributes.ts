/**
 * The attribute keys that Throughline writes. Stable ones are those of semantic conventions 1.44; the messaging ones are
 * in development there and were copied at 1.44. Keys of our own have a prefix of their own (`job.`, `express.`,
 * `fastify.`, `nestjs.`, `throughline.`), so that they never collide with a convention to come.
 */
export const ATTR = {
  errorType: 'error.type',
  exceptionType: 'exception.type',
  exceptionMessage: 'exception.message',
  exceptionStacktrace: 'exception.stacktrace',

  httpMethod: 'http.request.method',
  httpMethodOriginal: 'http.request.method_original',
  httpResendCount: 'http.request.resend_count',
  httpRoute: 'http.route',
  httpStatus: 'http.response.status_code',
  urlFull: 'url.full',
  urlPath: 'url.path',
  urlQuery: 'url.query',
  urlScheme: 'url.scheme',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  clientAddress: 'client.address',
  networkPeerAddress: 'network.peer.address',
  networkPeerPort: 'network.peer.port',
  networkProtocolVersion: 'network.protocol.version',
  userAgent: 'user_agent.original',

  messagingSystem: 'messaging.system',
  messagingOperationName: 'messaging.operation.name',
  messagingOperationType: 'messaging.operation.type',
  messagingDestination: 'messaging.destination.name',
  messagingDestinationTemplate: 'messaging.destination.template',
  messagingDestinationTemporary: 'messaging.destination.temporary',
  messagingPartition: 'messaging.destination.partition.id',
  messagingGroup: 'messaging.consumer.group.name',
  messagingBatchCount: 'messaging.batch.message_count',
  messagingMessageId: 'messaging.message.id',
  messagingClientId: 'messaging.client.id',
  kafkaOffset: 'messaging.kafka.offset',
  kafkaKey: 'messaging.kafka.message.key',
  kafkaTombstone: 'messaging.kafka.message.tombstone',
  kafkaClusterId: 'messaging.kafka.cluster.id',
  /** How long a message was under way and waiting, by its timestamp: the name that opentelemetry-java gives it. */
  kafkaQueueTime: 'kafka.record.queue_time_ms',
  /** Where each message of a send went, as `partition:offset`. */
  kafkaPlacements: 'throughline.kafka.placements',
  deliveryAttempt: 'throughline.delivery_attempt',
  unlinkedMessages: 'throughline.batch.unlinked_messages',

  dbSystem: 'db.system.name',
  dbNamespace: 'db.namespace',
  dbOperation: 'db.operation.name',
  dbCollection: 'db.collection.name',
  dbQueryText: 'db.query.text',
  dbQuerySummary: 'db.query.summary',
  dbResponseStatus: 'db.response.status_code',

  rpcSystem: 'rpc.system.name',
  rpcMethod: 'rpc.method',

  codeFunction: 'code.function.name',

  jobName: 'job.name',
  jobAttempt: 'job.attempt',
  jobMaxAttempts: 'job.max_attempts',
  jobOutcome: 'job.outcome',
  jobRedelivered: 'job.redelivered',
  jobQueueWait: 'job.queue.wait',
  jobAge: 'job.age',
  jobDelay: 'job.delay',
  jobClockSkew: 'job.clock_skew',
  jobStalledCount: 'job.stalled_count',
  jobSchedule: 'job.schedule',
  jobParentId: 'job.parent.id',
  jobTickOverlap: 'job.tick.overlap',
  jobTickMissed: 'job.tick.missed',
  jobTickLag: 'job.tick.lag',

  processExecutableName: 'process.executable.name',
  processPid: 'process.pid',
  processExitCode: 'process.exit.code',
  processCommandArgs: 'process.command_args',

  expressType: 'express.type',
  fastifyType: 'fastify.type',

  nestType: 'nestjs.type',
  nestController: 'nestjs.controller',
  nestCallback: 'nestjs.callback',
  nestTransport: 'nestjs.transport',

  keep: 'throughline.keep',
} as const
