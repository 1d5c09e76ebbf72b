import { ROOT_CONTEXT, context } from '@opentelemetry/api'
import {
  checkChoice,
  checkOption,
  guard,
  resolveTracing,
  type AttributesHook,
  type Operation,
  type Tracing,
  type MeteredTracingOptions,
} from '@throughline/core/integration'
import { suppressTracing, type Relation } from '@throughline/core/propagation'
import type { JobOutcome } from './outcome.ts'
import { SCOPE } from './scope.ts'

const RELATIONS: readonly Relation[] = ['parent', 'link', 'none']

/** `create` is one job of a bulk or a flow that is sent. */
export type JobOperation = 'send' | 'create' | 'process'

/** A send or an attempt that is done: what the `attributes` option is asked with. */
export interface JobActivity<S> {
  readonly operation: JobOperation
  readonly job: S
  /** Of an attempt. */
  readonly outcome?: JobOutcome | undefined
  readonly error?: unknown
}

/** What every tracer of jobs accepts. `J` is what is known of a job to process, `S` of one that is sent or processed. */
export interface JobTracingOptions<J, S = J> extends MeteredTracingOptions {
  /**
   * Jobs not to trace. They carry no context, and nothing that their processors do is traced.
   * @defaultValue every job is traced
   */
  readonly ignore?: (job: S) => boolean
  /**
   * A name instead of the conventional `send {queue}` or `process {queue}`; `undefined` keeps that one.
   * @defaultValue the conventional name
   */
  readonly spanName?: (operation: JobOperation, job: S) => string | undefined
  /**
   * Extra attributes, asked for once a span, at its end, and only where the span is recorded.
   * @defaultValue none
   */
  readonly attributes?: AttributesHook<[JobActivity<S>]>
  /**
   * How the process span relates to the span that enqueued the job: `'link'` (a trace of its own, linked), `'parent'`
   * (a child in the same trace; the link is kept too), `'none'`, or a function that decides for each job.
   * @defaultValue `'link'`: a job may run much later, many times, or among thousands of the same request
   */
  readonly relation?: Relation | ((job: J) => Relation)
}

/** The options after they were checked. */
export interface JobTracing<J, S = J> {
  readonly enabled: boolean
  readonly system: string
  readonly tracing: Tracing
  relationOf(job: J): Relation
  ignores(job: S): boolean
  /** The name that the user wants, or `undefined` for the conventional one. */
  nameOf(operation: JobOperation, job: S): string | undefined
  /** Asks the user for more attributes. Call it right before the span ends. */
  describe(operation: Operation, activity: JobActivity<S>): void
}

export function resolveJobTracing<J, S = J>(
  owner: string,
  system: string,
  options: JobTracingOptions<J, S>,
): JobTracing<J, S> {
  const { relation = 'link', ignore, spanName, attributes } = options
  if (typeof relation !== 'function') checkChoice(owner, 'relation', relation, RELATIONS)
  checkOption(owner, 'system', system, 'string')
  checkOption(owner, 'ignore', ignore, 'function')
  checkOption(owner, 'spanName', spanName, 'function')
  checkOption(owner, 'attributes', attributes, 'function')
  return {
    enabled: options.enabled !== false,
    system,
    tracing: resolveTracing(SCOPE, owner, options),
    relationOf: typeof relation === 'function' ? (job) => asked(relation, job) : () => relation,
    ignores: ignore ? (job) => guard('The hook "ignore"', ignore, job) === true : () => false,
    nameOf: spanName ? (operation, job) => named(spanName, operation, job) : () => undefined,
    describe(operation, activity) {
      if (!attributes || !operation.recording) return
      operation.set(guard('The hook "attributes"', attributes, activity))
    },
  }
}

/** Runs what is ignored: nothing that it does is traced either. */
export function runIgnored<T>(fn: () => T): T {
  return context.with(suppressTracing(ROOT_CONTEXT), fn)
}

function asked<J>(hook: (job: J) => Relation, job: J): Relation {
  const relation = guard('The hook "relation"', hook, job)
  return relation !== undefined && RELATIONS.includes(relation) ? relation : 'link'
}

function named<S>(
  hook: NonNullable<JobTracingOptions<never, S>['spanName']>,
  operation: JobOperation,
  job: S,
): string | undefined {
  const spanName = guard('The hook "spanName"', hook, operation, job)
  return typeof spanName === 'string' && spanName !== '' ? spanName : undefined
}
