import {
  checkChoice,
  checkOption,
  guard,
  resolveTracing,
  type Tracing,
  type TracingOptions,
} from '@throughline/core/integration'
import type { Relation } from '@throughline/core/propagation'
import { SCOPE } from './scope.ts'

const RELATIONS: readonly Relation[] = ['parent', 'link', 'none']

/** What every tracer of jobs accepts. */
export interface JobTracingOptions<J> extends TracingOptions {
  /**
   * How the process span relates to the span that enqueued the job: `'link'` (a trace of its own, linked), `'parent'`
   * (a child in the same trace; the link is kept too), `'none'`, or a function that decides for each job.
   * @defaultValue `'link'`: a job may run much later, many times, or among thousands of the same request
   */
  readonly relation?: Relation | ((job: J) => Relation)
}

/** The options after they were checked. */
export interface JobTracing<J> {
  readonly enabled: boolean
  readonly system: string
  readonly tracing: Tracing
  relationOf(job: J): Relation
}

export function resolveJobTracing<J>(
  owner: string,
  system: string,
  options: JobTracingOptions<J>,
): JobTracing<J> {
  const { relation = 'link' } = options
  if (typeof relation !== 'function') checkChoice(owner, 'relation', relation, RELATIONS)
  checkOption(owner, 'system', system, 'string')
  return {
    enabled: options.enabled !== false,
    system,
    tracing: resolveTracing(SCOPE, owner, options),
    relationOf: typeof relation === 'function' ? (job) => asked(relation, job) : () => relation,
  }
}

function asked<J>(hook: (job: J) => Relation, job: J): Relation {
  const relation = guard('The hook "relation"', hook, job)
  return relation !== undefined && RELATIONS.includes(relation) ? relation : 'link'
}
