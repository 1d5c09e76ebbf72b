/**
 * What Kafka tracing can do, and who does it: `Y` yes, `~` partly, `-` no. The peers' columns were read and run in 2026;
 * each `Y` of ours names the test that shows it, by its file and title.
 */
export const PEERS = [
  'instrumentation-kafkajs 0.33',
  'dd-trace 6.21',
  'elastic-apm-node 4.18',
  '@platformatic/kafka-opentelemetry 0.5',
  'opentelemetry-java',
  'spring-kafka',
] as const

export interface Feature {
  readonly feature: string
  /** One character for each peer. */
  readonly peers: string
  readonly ours: 'Y' | '~' | '-'
  /** For a `Y`, the test: its file, without `.test.ts`, and its title. For anything else, why. */
  readonly proof: readonly [file: string, title: string] | string
}

const row = (feature: string, peers: string, file: string, title: string): Feature => ({
  feature,
  peers,
  ours: 'Y',
  proof: [file, title],
})

export const PRODUCER: readonly Feature[] = [
  row(
    'one span a `send`, not one a message',
    '-YY-~Y',
    'producer',
    'all messages of a send carry the context of its one span',
  ),
  row(
    'a span for each message, where it is asked for',
    'Y--YY-',
    'options.int',
    'perMessage: create lets each message of a send be processed below a span of its own, which knows its place',
  ),
  row(
    '`sendBatch`, one span a topic',
    '-Y~---',
    'kafka.int',
    'sendBatch over two topics makes one span each, and each message knows its own',
  ),
  row(
    '`transaction().send` and `sendBatch`',
    'Y-----',
    'kafka.int',
    'what a transaction sends is traced; commit and abort are its own',
  ),
  row(
    '`sendOffsets`, commit and abort',
    '~-----',
    'groups.int',
    'an aborted transaction: a read-committed consumer sees nothing of it, and the spans say how it ended',
  ),
  row(
    'partition and offset of the message sent',
    '~Y--YY',
    'kafka.int',
    'a message is processed in the trace of its sender, and what the handler does belongs to it',
  ),
  row(
    'partition and offset of each message of a send',
    '-~--Y-',
    'groups.int',
    'capturePlacement says where each message of a send over four partitions really went',
  ),
  row(
    'key, left out where it is binary',
    '~--~Y-',
    'kafka.int',
    'tombstones and keys: text is recorded, bytes that are no text are not',
  ),
  row(
    'key by a serializer',
    '---Y--',
    'options.int',
    'keys by a serializer or not at all, headers by name, and attributes of what came of it',
  ),
  row(
    'tombstone, also without a key',
    '~--~Y-',
    'kafka.int',
    'tombstones and keys: text is recorded, bytes that are no text are not',
  ),
  row(
    'objects of the user untouched',
    '-Y~-~-',
    'producer',
    'the record, its messages and their headers are copied, not written to',
  ),
  row(
    'a context in the headers is kept',
    '------',
    'options.int',
    'a relay sends what an outbox kept of two orders at once: each is processed in the trace of its own order',
  ),
  row(
    'headers of a message passed on are told from those',
    '------',
    'options.int',
    'headers that are passed on to a dead-letter topic as they are, existingContext %s: the first context stays is %s',
  ),
  row('`acks: 0`', 'YYYYYY', 'groups.int', 'acks: 0 is a send that knows its topic and no place'),
  row(
    'cluster id and client id',
    '~~--~Y',
    'kafka.int',
    'a message is processed in the trace of its sender, and what the handler does belongs to it',
  ),
  row(
    "invalid arguments keep the client's own rejection",
    '-Y~~YY',
    'producer',
    '%s: kafkajs rejects it as it would without us, and there is no span',
  ),
  row(
    "errors by the protocol's name",
    '------',
    'kafka.int',
    'a send that used up its retries is an error by the name that the protocol has for it',
  ),
  {
    feature: 'brokers without headers (before Kafka 0.11)',
    peers: '-Y--Y-',
    ours: '-',
    proof: 'Kafka 4 dropped them',
  },
]

export const CONSUMER: readonly Feature[] = [
  row(
    '`eachMessage`',
    'YYY~YY',
    'kafka.int',
    'a message is processed in the trace of its sender, and what the handler does belongs to it',
  ),
  row('parent, link or neither', '----~Y', 'consumer', 'relation %s decides on trace and link'),
  row(
    '`eachBatch`: one active span with links',
    '-YY-YY',
    'kafka.int',
    'a batch is one trace that links to each sender, with the offset and key of its message',
  ),
  row(
    'links capped',
    '--Y---',
    'consumer',
    'messages of one sender are one link, and a batch has 128 links at most',
  ),
  row(
    "one message's span inside a batch",
    '---YY~',
    'kafka.int',
    'traceMessage gives each message of a batch a span in the trace of its sender',
  ),
  row(
    'consumer group',
    '-~--YY',
    'kafka.int',
    'a message is processed in the trace of its sender, and what the handler does belongs to it',
  ),
  row(
    'offset as a number',
    '-Y--YY',
    'kafka.int',
    'a message is processed in the trace of its sender, and what the handler does belongs to it',
  ),
  row(
    'queue time',
    '--Y-Y-',
    'kafka.int',
    'a message is processed in the trace of its sender, and what the handler does belongs to it',
  ),
  row(
    'delivery attempt',
    '------',
    'kafka.int',
    'a handler that throws makes its attempt an error, and the redelivery is an attempt of its own',
  ),
  row(
    'partitions consumed concurrently',
    'YYY-YY',
    'groups.int',
    'partitions that are consumed at the same time do not mix their contexts',
  ),
  row(
    'lag and crashes',
    '-~--YY',
    'metrics.int',
    'a consumer that gives up has its lag and its crash measured',
  ),
  row(
    'rebalances',
    '----YY',
    'metrics.int',
    'a group of three that is joined one after the other counts each rebalance of those that were there',
  ),
  row(
    'commits',
    '------',
    'groups.int',
    'autoCommit off: what is not committed is delivered again, and the commit is a span where it is asked for',
  ),
  row('baggage', '~Y-YYY', 'kafka.int', 'baggage travels with a message'),
  row(
    'retry and dead-letter topics',
    '-----Y',
    'kafka.int',
    'a message forwarded to a retry topic continues the trace of its forwarder, once',
  ),
  row(
    'no context of the caller of `run`',
    '~YYYYY',
    'kafka.int',
    'the context of whoever called run does not leak into messages and batches',
  ),
  row(
    'headers of any bytes',
    '~YYY~-',
    'groups.int',
    'headers of every kind are survived, also a megabyte of them',
  ),
  row(
    'topics to ignore',
    '--Y---',
    'options.int',
    'a topic to ignore carries no context, and nothing is traced below its handler',
  ),
  row(
    'headers captured',
    '--Y-Y-',
    'options.int',
    'keys by a serializer or not at all, headers by name, and attributes of what came of it',
  ),
]

export const OVERALL: readonly Feature[] = [
  row('ES modules without loader flags', '-~-Y--', 'incumbent', 'import of an ES module'),
  row(
    'the four metrics, with topic and group',
    '~--~Y~',
    'metrics.int',
    'the four metrics of messaging say topic and group',
  ),
  row('hooks that see result and error', '----YY', 'producer', 'attributes'),
  row('hooks that fail harm nothing', '~--~Y-', 'conformance', 'describeConformance(eachMessage'),
  row('`suppressTracing`', '~--~Y-', 'conformance', 'describeSendConformance'),
  row(
    'steps aside for another instrumentation',
    '------',
    'interop.int',
    'where instrumentation-kafkajs patched the client, we step aside and every span is there once',
  ),
  row(
    'can be taken off again',
    'YYY---',
    'untrace',
    'an untraced client is as it was, and can be traced again',
  ),
  row(
    "Confluent's client",
    '-Y----',
    'confluent.full',
    'sendBatch is traced once a topic, and eachBatch links to its senders',
  ),
  row(
    'a Java program on the other side',
    '----YY',
    'java.full',
    'a message of a Java producer is processed in its trace',
  ),
  row(
    'tested on a real broker',
    '-YYYYY',
    'faults.full',
    'each of 10,000 messages is processed in the trace of its own send',
  ),
]
