/**
 * The attribute keys that Throughline writes. Stable ones are those of semantic conventions 1.44; the messaging ones are
 * in development there and were copied at 1.44. Keys of our own have a prefix of their own (`job.`, `nestjs.`,
 * `throughline.`), so that they never collide with a convention to come.
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
  messagingPartition: 'messaging.destination.partition.id',
  messagingGroup: 'messaging.consumer.group.name',
  messagingBatchCount: 'messaging.batch.message_count',
  messagingMessageId: 'messaging.message.id',
  messagingClientId: 'messaging.client.id',
  kafkaOffset: 'messaging.kafka.offset',
  kafkaKey: 'messaging.kafka.message.key',
  kafkaTombstone: 'messaging.kafka.message.tombstone',

  dbSystem: 'db.system.name',
  dbNamespace: 'db.namespace',
  dbOperation: 'db.operation.name',
  dbCollection: 'db.collection.name',
  dbQueryText: 'db.query.text',
  dbQuerySummary: 'db.query.summary',
  dbResponseStatus: 'db.response.status_code',

  codeFunction: 'code.function.name',

  jobName: 'job.name',
  jobAttempt: 'job.attempt',
  jobMaxAttempts: 'job.max_attempts',
  jobOutcome: 'job.outcome',
  jobRedelivered: 'job.redelivered',
  jobQueueWait: 'job.queue.wait',
  jobAge: 'job.age',
  jobDelay: 'job.delay',

  nestType: 'nestjs.type',
  nestController: 'nestjs.controller',
  nestCallback: 'nestjs.callback',

  keep: 'throughline.keep',
} as const
