import type { TestSpan } from '../span.ts'
import { treeLines } from '../tree.ts'

/** What is to be said of a span, where it stands in the tree. */
export type Marks = ReadonlyMap<TestSpan, string | readonly string[]>

/**
 * The tree with some of its lines marked:
 *
 * ```
 *   POST /orders [SERVER]
 * >   send order.placed [PRODUCER]  <- kind is "PRODUCER", expected "CLIENT"
 * ```
 */
export function markedTree(spans: readonly TestSpan[], marks: Marks = new Map()): string {
  if (spans.length === 0) return '  (no spans)'
  const byId = new Map(Array.from(marks, ([{ spanId }, notes]) => [spanId, notes]))
  return treeLines(spans)
    .map(({ span, text }) => {
      const notes = byId.get(span.spanId)
      return notes === undefined ? `  ${text}` : `> ${text}  <- ${[notes].flat().join('; ')}`
    })
    .join('\n')
}

/** Two texts line by line: ` ` in both, `-` only expected, `+` only received. */
export function markedDifference(expected: string, received: string): string {
  const [a, b] = [expected.split('\n'), received.split('\n')]
  const common = longestCommon(a, b)
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(`  ${a[i++]}`)
      j++
    } else if (j >= b.length || (i < a.length && common[i + 1]![j]! >= common[i]![j + 1]!)) {
      lines.push(`- ${a[i++]}`)
    } else {
      lines.push(`+ ${b[j++]}`)
    }
  }
  return lines.join('\n')
}

/** How many lines the rest of `a` from `i` and that of `b` from `j` have in common, by `[i][j]`. */
function longestCommon(a: readonly string[], b: readonly string[]): number[][] {
  const table = Array.from({ length: a.length + 1 }, () => Array<number>(b.length + 1).fill(0))
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const [down, right] = [table[i + 1]![j]!, table[i]![j + 1]!]
      table[i]![j] = a[i] === b[j] ? table[i + 1]![j + 1]! + 1 : Math.max(down, right)
    }
  }
  return table
}
