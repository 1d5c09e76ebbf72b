import {
  checkChoice,
  checkOption,
  guard,
  InvalidOptionError,
  resolveTracing,
  type AttributesHook,
  type Tracing,
  type TracingOptions,
} from '@throughline/core/integration'
import type { Relation } from '@throughline/core/propagation'
import type { ReceivedMessage, SentMessage } from './client.ts'
import { SCOPE } from './scope.ts'

/** A send or a processing that is done: what the `attributes` option is asked with. */
export interface KafkaActivity {
  readonly operation: 'send' | 'process'
  readonly topic: string
  /** All that were sent to the topic by the call, the whole batch, or the one message. */
  readonly messages: readonly (SentMessage | ReceivedMessage)[]
  /** What the call or the handler resolved with. */
  readonly result?: unknown
  /** What it failed with. */
  readonly error?: unknown
}

/** What `traceKafka` and `traceProducer` accept. */
export interface KafkaTracingOptions extends TracingOptions {
  /**
   * Topics not to trace. Messages of theirs carry no context, and nothing that their handlers do is traced.
   * @defaultValue every topic is traced
   */
  readonly ignore?: (topic: string) => boolean
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
   * How the processing of a message relates to its sender: `'parent'` continues the sender's trace, `'link'` starts a
   * trace that links to it, `'none'` knows nothing of it. A batch always has a trace of its own, which links to each
   * sender unless the relation is `'none'`.
   * @defaultValue `'parent'`
   */
  readonly relation?: Relation | ((message: ReceivedMessage, topic: string) => Relation)
  /**
   * The client id, for `messaging.client.id`: kafkajs does not tell it.
   * @defaultValue the attribute is left out
   */
  readonly clientId?: string
}

/** What `traceConsumer` accepts. */
export interface ConsumerTracingOptions extends KafkaTracingOptions {
  /**
   * The consumer group, for `messaging.consumer.group.name`. `traceKafka` knows it by itself.
   * @defaultValue the attribute is left out
   */
  readonly groupId?: string
}

type Hooks = Pick<KafkaTracingOptions, 'ignore' | 'spanName' | 'attributes' | 'clientId'>

/** The options after they were checked. */
export interface KafkaTracing extends Tracing, Hooks {
  readonly captureKey: boolean
  readonly relation: NonNullable<KafkaTracingOptions['relation']>
  /** The headers to record, each with its attribute. */
  readonly headerKeys: readonly (readonly [header: string, attribute: string])[]
}

/** The options of a consumer after they were checked. */
export interface ConsumerTracing extends KafkaTracing {
  readonly groupId?: string | undefined
}

const RELATIONS = ['parent', 'link', 'none'] as const

export function resolveKafkaTracing(owner: string, options: KafkaTracingOptions): KafkaTracing {
  const { ignore, spanName, attributes, captureKey, relation, clientId } = options
  checkOption(owner, 'ignore', ignore, 'function')
  checkOption(owner, 'spanName', spanName, 'function')
  checkOption(owner, 'attributes', attributes, 'function')
  checkOption(owner, 'captureKey', captureKey, 'boolean')
  checkOption(owner, 'clientId', clientId, 'string')
  if (typeof relation !== 'function') checkChoice(owner, 'relation', relation, RELATIONS)
  return {
    ...resolveTracing(SCOPE, owner, options),
    ...(ignore && { ignore }),
    ...(spanName && { spanName }),
    ...(attributes && { attributes }),
    ...(clientId !== undefined && { clientId }),
    captureKey: captureKey ?? true,
    relation: relation ?? 'parent',
    headerKeys: headerKeys(owner, options.captureHeaders),
  }
}

export function isIgnored(tracing: KafkaTracing, topic: string): boolean {
  return tracing.ignore !== undefined && guard('Option "ignore"', tracing.ignore, topic) === true
}

/** The name that the user wants, or `undefined` for the conventional one. */
export function spanNameFor(
  tracing: KafkaTracing,
  operation: 'send' | 'process',
  topic: string,
): string | undefined {
  if (!tracing.spanName) return undefined
  const name = guard('Option "spanName"', tracing.spanName, operation, topic)
  return typeof name === 'string' && name !== '' ? name : undefined
}

/** A function that throws or answers nonsense counts as the default. */
export function relationTo(
  tracing: KafkaTracing,
  message: ReceivedMessage,
  topic: string,
): Relation {
  if (typeof tracing.relation !== 'function') return tracing.relation
  const relation = guard('Option "relation"', tracing.relation, message, topic)
  return relation && RELATIONS.includes(relation) ? relation : 'parent'
}

function headerKeys(owner: string, names: unknown): KafkaTracing['headerKeys'] {
  if (names === undefined) return []
  if (!Array.isArray(names) || names.some((name) => typeof name !== 'string')) {
    throw new InvalidOptionError(owner, 'captureHeaders', 'a list of header names', names)
  }
  return names.map((name: string) => [name, `messaging.header.${name}`] as const)
}
