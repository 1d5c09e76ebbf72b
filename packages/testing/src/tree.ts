import type { Attributes } from '@opentelemetry/api'
import { normaliseAttributes, normaliseText } from './normalise.ts'
import { byStart, type TestSpan } from './span.ts'

/** A span with its children, without anything that differs from run to run. */
export interface TraceNode {
  readonly name: string
  readonly kind: TestSpan['kind']
  readonly status: TestSpan['status']
  readonly attributes: Attributes
  /** The names of the events. */
  readonly events: readonly string[]
  /** The names of the spans that it links to. */
  readonly links: readonly string[]
  readonly remoteParent: boolean
  readonly children: readonly TraceNode[]
}

/** A line of a tree and the span that it shows. */
export interface TreeLine {
  readonly span: TestSpan
  readonly text: string
}

/**
 * All traces as indented text, without ids and times: a line a span, children under their parent in order of start, the
 * kind, the status where it is an error, and what it links to.
 *
 * ```
 * POST /orders [SERVER]
 *   send order.placed [PRODUCER]
 *     process order.placed [CONSUMER] -> send order.placed
 * ```
 */
export function renderTree(spans: readonly TestSpan[]): string {
  return treeLines(spans)
    .map(({ text }) => text)
    .join('\n')
}

export function treeLines(spans: readonly TestSpan[]): TreeLine[] {
  const forest = new Forest(spans)
  const lines: TreeLine[] = []
  const write = (span: TestSpan, depth: number): void => {
    lines.push({ span, text: `${'  '.repeat(depth)}${describe(span, forest)}` })
    for (const child of forest.childrenOf(span)) write(child, depth + 1)
  }
  for (const root of forest.roots()) write(root, 0)
  return lines
}

/** All traces as objects; what cannot be the same in two runs is `<id>`, `<port>` or `<time>`. */
export function treeOf(spans: readonly TestSpan[]): TraceNode[] {
  const forest = new Forest(spans)
  const node = (span: TestSpan): TraceNode => ({
    name: normaliseText(span.name),
    kind: span.kind,
    status: span.status,
    attributes: normaliseAttributes(span.attributes),
    events: span.events.map(({ name }) => name),
    links: forest.linkNames(span).map(normaliseText),
    remoteParent: forest.hasRemoteParent(span),
    children: forest.childrenOf(span).map(node),
  })
  return forest.roots().map(node)
}

/** Who is whose child. */
class Forest {
  readonly #byId: ReadonlyMap<string, TestSpan>
  readonly #children = new Map<string | undefined, TestSpan[]>()

  constructor(spans: readonly TestSpan[]) {
    this.#byId = new Map(spans.map((span) => [span.spanId, span]))
    for (const span of spans.toSorted(byStart)) {
      const parent = this.hasRemoteParent(span) ? undefined : span.parentSpanId
      const siblings = this.#children.get(parent)
      if (siblings) siblings.push(span)
      else this.#children.set(parent, [span])
    }
  }

  roots(): readonly TestSpan[] {
    return this.#children.get(undefined) ?? []
  }

  childrenOf(span: TestSpan): readonly TestSpan[] {
    return this.#children.get(span.spanId) ?? []
  }

  hasRemoteParent({ parentSpanId }: TestSpan): boolean {
    return parentSpanId !== undefined && !this.#byId.has(parentSpanId)
  }

  linkNames({ links }: TestSpan): string[] {
    return links.map(({ spanId }) => this.#byId.get(spanId)?.name ?? 'unknown span')
  }
}

function describe(span: TestSpan, forest: Forest): string {
  const remote = forest.hasRemoteParent(span) ? ' (remote parent)' : ''
  const status = span.status === 'ERROR' ? ' ERROR' : ''
  const links = forest.linkNames(span).join(', ')
  return `${span.name} [${span.kind}]${status}${remote}${links && ` -> ${links}`}`
}
