import { byStart, type TestSpan } from './span.ts'

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
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const children = new Map<string, TestSpan[]>()
  for (const span of spans) {
    const parent = span.parentSpanId && byId.has(span.parentSpanId) ? span.parentSpanId : 'root'
    children.set(parent, [...(children.get(parent) ?? []), span])
  }
  const lines: string[] = []
  const write = (span: TestSpan, depth: number): void => {
    lines.push(`${'  '.repeat(depth)}${describe(span, byId)}`)
    for (const child of inOrder(children.get(span.spanId))) write(child, depth + 1)
  }
  for (const root of inOrder(children.get('root'))) write(root, 0)
  return lines.join('\n')
}

function inOrder(spans: readonly TestSpan[] = []): TestSpan[] {
  return spans.toSorted(byStart)
}

function describe(span: TestSpan, byId: ReadonlyMap<string, TestSpan>): string {
  const orphan = span.parentSpanId && !byId.has(span.parentSpanId) ? ' (remote parent)' : ''
  const status = span.status === 'ERROR' ? ' ERROR' : ''
  const links = span.links.map((link) => byId.get(link.spanId)?.name ?? 'unknown span').join(', ')
  return `${span.name} [${span.kind}]${status}${orphan}${links && ` -> ${links}`}`
}
