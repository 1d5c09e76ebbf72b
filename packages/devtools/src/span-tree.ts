import { append } from './multi-map.ts'
import type { StoredSpan } from './stored-span.ts'

/** A line of the tree: a span, or the rest of many alike. */
export interface TreeRow {
  readonly span: StoredSpan
  /** The siblings that a line `… 40 more` stands for, the span of the row among them. */
  readonly hidden?: readonly StoredSpan[]
  /** How many spans below the hidden ones, and among them, failed. */
  readonly hiddenErrors?: number
  /** The lines of the tree left of the name. */
  readonly prefix: string
  /** The same for a further line below the name. */
  readonly notePrefix: string
}

/** Siblings of the same service, name and kind that are shown in full. */
const SHOWN_SIBLINGS = 10
const CELL = 3

interface Item {
  readonly span: StoredSpan
  readonly hidden?: readonly StoredSpan[]
}

interface Visit extends Item {
  readonly base: string
  readonly connector: string
}

/**
 * Orders spans as a tree, by parent and then start time. Spans whose parent is missing hang under the first root
 * by a dotted line. Of repeated siblings beyond a limit one line is left. Levels beyond `maxDepth` are cut left.
 */
export function spanTree(spans: readonly StoredSpan[], maxDepth: number): TreeRow[] {
  const forest = new Forest(spans)
  const rows: TreeRow[] = []
  // Not recursive, because a trace may be deeper than the stack.
  const stack: Visit[] = forest.top().map((span) => {
    return { span, base: '', connector: forest.isOrphan(span) ? '┄ ' : '' }
  })
  stack.reverse()
  let visit: Visit | undefined
  while ((visit = stack.pop()) !== undefined) {
    const children = visit.hidden ? [] : collapse(forest.childrenOf(visit.span))
    rows.push(toRow(visit, children.length > 0, forest))
    const base = indent(visit, maxDepth)
    for (const [index, child] of [...children.entries()].toReversed()) {
      const corner = index === children.length - 1 ? '└' : '├'
      const line = forest.isOrphan(child.span) ? '┄' : '─'
      stack.push({ ...child, base, connector: `${corner}${line} ` })
    }
  }
  return rows
}

function toRow(visit: Visit, hasChildren: boolean, forest: Forest): TreeRow {
  const { span, hidden, base, connector } = visit
  const below = connector.startsWith('├') ? '│  ' : connector.startsWith('└') ? '   ' : ''
  return {
    span,
    ...(hidden && { hidden, hiddenErrors: forest.countErrors(hidden) }),
    prefix: base + connector,
    notePrefix: base + below + (hasChildren ? '│  ' : '   '),
  }
}

function indent({ base, connector }: Visit, maxDepth: number): string {
  if (connector === '' || connector === '┄ ') return base
  const longer = base + (connector.startsWith('├') ? '│  ' : '   ')
  if (longer.length <= maxDepth * CELL) return longer
  return `⋯  ${longer.slice(-(maxDepth - 1) * CELL)}`
}

/** Leaves one item for the repeated siblings beyond the limit, in the place of the first of them. */
function collapse(siblings: readonly StoredSpan[]): Item[] {
  const groups = new Map<string, StoredSpan[]>()
  for (const span of siblings) append(groups, `${span.service}\n${span.kind}\n${span.name}`, span)
  const items = new Map<StoredSpan, Item>(siblings.map((span) => [span, { span }]))
  for (const group of groups.values()) {
    if (group.length <= SHOWN_SIBLINGS) continue
    const hidden = group.slice(SHOWN_SIBLINGS - 1)
    for (const span of hidden.slice(1)) items.delete(span)
    const first = hidden[0] as StoredSpan
    items.set(first, { span: first, hidden })
  }
  return [...items.values()]
}

/** Who is whose child, with everything reachable from the top. */
class Forest {
  readonly #spans: readonly StoredSpan[]
  readonly #byId: ReadonlyMap<string, StoredSpan>
  readonly #children = new Map<string, StoredSpan[]>()
  readonly #roots: StoredSpan[] = []
  readonly #orphans = new Set<StoredSpan>()

  constructor(spans: readonly StoredSpan[]) {
    this.#byId = new Map(spans.map((span) => [span.spanId, span]))
    this.#spans = [...this.#byId.values()].toSorted(byStart)
    const cut = this.#cutsOfCycles()
    for (const span of this.#spans) {
      if (span.parentSpanId === undefined) this.#roots.push(span)
      else if (cut.has(span) || !this.#byId.has(span.parentSpanId)) this.#orphans.add(span)
      else append(this.#children, span.parentSpanId, span)
    }
    const [root] = this.#roots
    if (root === undefined) return
    for (const orphan of this.#orphans) append(this.#children, root.spanId, orphan)
    this.#children.get(root.spanId)?.sort(byStart)
  }

  top(): readonly StoredSpan[] {
    return this.#roots.length > 0 ? this.#roots : [...this.#orphans]
  }

  isOrphan(span: StoredSpan): boolean {
    return this.#orphans.has(span)
  }

  childrenOf(span: StoredSpan): readonly StoredSpan[] {
    return this.#children.get(span.spanId) ?? []
  }

  countErrors(spans: readonly StoredSpan[]): number {
    const open = [...spans]
    let errors = 0
    let span: StoredSpan | undefined
    while ((span = open.pop()) !== undefined) {
      if (span.status === 'ERROR') errors += 1
      for (const child of this.childrenOf(span)) open.push(child)
    }
    return errors
  }

  /** Broken ids can make a span its own ancestor; one span of each such ring becomes an orphan. */
  #cutsOfCycles(): Set<StoredSpan> {
    const cuts = new Set<StoredSpan>()
    const done = new Set<StoredSpan>()
    for (const start of this.#spans) {
      const path = new Set<StoredSpan>()
      let span: StoredSpan | undefined = start
      while (span !== undefined && !done.has(span) && !path.has(span)) {
        path.add(span)
        span = this.#byId.get(span.parentSpanId ?? '')
      }
      if (span !== undefined && path.has(span)) cuts.add(span)
      for (const passed of path) done.add(passed)
    }
    return cuts
  }
}

function byStart(a: StoredSpan, b: StoredSpan): number {
  return a.startMs - b.startMs
}
