import { widthOf } from './display-text.ts'

/** The width of each column of a waterfall, in terminal columns. */
export interface WaterfallColumns {
  readonly service: number
  readonly name: number
  readonly kind: number
  readonly bar: number
  readonly duration: number
  readonly gap: number
}

/** The texts of a line, which the columns are made to hold. */
export interface WaterfallCells {
  readonly service: string
  readonly name: string
  readonly kind: string
  readonly duration: string
}

/** Space and mark right of the duration. */
export const STATUS_WIDTH = 2
const MIN_BAR = 8

/** Gives each column what its texts need within its share of the width; the bar takes what is left. */
export function waterfallColumns(
  lines: readonly WaterfallCells[],
  width: number,
): WaterfallColumns {
  const widest = (cell: keyof WaterfallCells): number =>
    lines.reduce((max, line) => Math.max(max, widthOf(line[cell])), 0)
  const gap = width >= 80 ? 2 : 1
  const kind = widest('kind')
  const duration = widest('duration')
  const service = Math.min(widest('service'), Math.max(8, Math.floor(width / 6)))
  const rest = width - service - kind - duration - STATUS_WIDTH - gap * 4
  const name = Math.min(widest('name'), Math.max(MIN_BAR, Math.floor(rest * 0.6)))
  return { service, name, kind, duration, gap, bar: Math.max(1, rest - name) }
}

/** The deepest level of the tree that still leaves space for names. */
export function maxTreeDepth(width: number): number {
  return Math.max(2, Math.floor((width - 24) / 11))
}
