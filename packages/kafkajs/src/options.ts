import type { AttributesHook, MeteredTracingOptions, Tracing } from '@throughline/core/integration'
import type { ExistingContext } from '@throughline/core/messaging'
import type { Relation } from '@throughline/core/propagation'
import type { ClientIdentity } from './client-identity.ts'
import type { ReceivedMessage, SentMessage } from './client.ts'
import type { Placement } from './placement.ts'

/** A send or a processing that is done: what the `attributes` option is asked with. */
export interface KafkaActivity {
  readonly operation: 'send' | 'process'
  readonly topic: string
  /** All that were sent to the topic by the call, the whole batch, or the one message. */
  readonly messages: readonly (SentMessage | ReceivedMessage)[]
  /** Where each of the messages sent went, as far as it is known: see `capturePlacement`. */
  readonly placements?: readonly (Placement | undefined)[]
  /** What the call or the handler resolved with. */
  readonly result?: unknown
  /** What it failed with. */
  readonly error?: unknown
}

/** What `traceKafka` and `traceProducer` accept. */
export interface KafkaTracingOptions extends MeteredTracingOptions {
  /**
   * Topics not to trace. Messages of theirs carry no context, and nothing that their handlers do is traced.
   * @defaultValue every topic is traced
   */
  readonly ignore?: readonly string[] | ((topic: string) => boolean)
  /**
   * A name instead of the conventional `send {topic}` or `process {topic}`; `undefined` keeps that one.
   * @defaultValue the conventional name
   */
  readonly spanName?: (operation: 'send' | 'process', topic: string) => string | undefined
  /**
   * Extra attributes, asked for once a span, at its end, and only where the span is recorded.
   * @defaultValue none
   */
  readonly attributes?: AttributesHook<[KafkaActivity]>
  /**
   * Message headers to record as `messaging.header.<name>`, on spans of a single message. Names are case-sensitive.
   * Headers may hold credentials and personal data.
   * @defaultValue none
   */
  readonly captureHeaders?: readonly string[]
  /**
   * Whether to record the message key, where it is text. Pass `false` where keys are personal data.
   * @defaultValue `true`
   */
  readonly captureKey?: boolean
  /**
   * The text of a key, for keys that are binary or too telling; `undefined` leaves the attribute out.
   * @defaultValue text as it is, and nothing of a key that is no text
   */
  readonly keySerializer?: (key: unknown, topic: string) => string | undefined
  /**
   * What each message of a send carries. `'none'`: the context of the send. `'create'`: that of a span of its own, which
   * the send links to (128 at most); a send of a single message is its own creation. It costs a span a message.
   * @defaultValue `'none'`
   */
  readonly perMessage?: 'none' | 'create'
  /**
   * What becomes of a context that a message carries already when it is sent; the send links to it in any case.
   * `'preserve'`: it stays (an outbox, a connector). `'replace'`: the send's takes its place. `'auto'`: it stays, unless
   * it is that of the message being processed, whose headers were only passed on (retry, dead-letter topic).
   * @defaultValue `'auto'`
   */
  readonly existingContext?: ExistingContext
  /**
   * Whether to record partition and offset of each message of a send: on the send's link to the message's create span,
   * else as a list on the send. Where a send goes to many partitions, it takes a producer with a `createPartitioner`, such as kafkajs's
   * `Partitioners.DefaultPartitioner`.
   * @defaultValue `false`
   */
  readonly capturePlacement?: boolean
  /**
   * Whether to make spans of commits: `commitOffsets`, `commitOffsetsIfNecessary(offsets)`, and `commit`, `abort` and
   * `sendOffsets` of transactions. What kafkajs commits by itself is not seen.
   * @defaultValue `false`
   */
  readonly settle?: boolean
  /**
   * How the processing of a message relates to its sender: `'parent'` continues the sender's trace, `'link'` starts a
   * trace that links to it, `'none'` knows nothing of it. A batch always has a trace of its own, which links to each
   * sender unless the relation is `'none'`.
   * @defaultValue `'parent'`
   */
  readonly relation?: Relation | ((message: ReceivedMessage, topic: string) => Relation)
  /**
   * For `messaging.client.id`.
   * @defaultValue read off kafkajs once it is connected
   */
  readonly clientId?: string
  /**
   * For `messaging.kafka.cluster.id`.
   * @defaultValue read off kafkajs once it is connected
   */
  readonly clusterId?: string
}

/** What `traceConsumer` accepts. */
export interface ConsumerTracingOptions extends KafkaTracingOptions {
  /**
   * The consumer group, for `messaging.consumer.group.name`. `traceKafka` knows it by itself.
   * @defaultValue the attribute is left out
   */
  readonly groupId?: string
}

type Hooks = Pick<KafkaTracingOptions, 'spanName' | 'attributes' | 'keySerializer'>

/** The options after they were checked. */
export interface KafkaTracing extends Tracing, Hooks {
  readonly identity: ClientIdentity
  readonly ignore: ((topic: string) => boolean) | undefined
  readonly captureKey: boolean
  readonly perMessage: 'none' | 'create'
  readonly existingContext: ExistingContext
  readonly capturePlacement: boolean
  /** What settlements are traced with, or only measured; absent where they are neither. */
  readonly settling?: Tracing
  readonly relation: NonNullable<KafkaTracingOptions['relation']>
  /** The headers to record, each with its attribute. */
  readonly headerKeys: readonly (readonly [header: string, attribute: string])[]
}

/** The options of a consumer after they were checked. */
export interface ConsumerTracing extends KafkaTracing {
  readonly groupId?: string | undefined
}
