const LEFT_BLOCKS = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█']

/** The time from the left to the right edge of all bars of a trace. */
export interface TimeAxis {
  readonly startMs: number
  readonly durationMs: number
}

/**
 * Draws a span on the time axis in eighths of a column. It never leaves the width, and never vanishes: a span of
 * no length is an eighth wide.
 */
export function durationBar(
  span: { readonly startMs: number; readonly durationMs: number },
  axis: TimeAxis,
  width: number,
): string {
  const [from, to] = eighths(span, axis, width)
  const first = Math.floor(from / 8)
  const cells = Array.from({ length: Math.ceil(to / 8) - first }, (_, index) => {
    const left = (first + index) * 8
    return cell(Math.max(0, from - left), Math.min(8, to - left))
  })
  return ' '.repeat(first) + cells.join('')
}

/** Draws the time in which some of many spans ran. */
export function shadedBar(
  span: { readonly startMs: number; readonly durationMs: number },
  axis: TimeAxis,
  width: number,
): string {
  const [from, to] = eighths(span, axis, width)
  const first = Math.floor(from / 8)
  return ' '.repeat(first) + '░'.repeat(Math.ceil(to / 8) - first)
}

function eighths(
  span: { readonly startMs: number; readonly durationMs: number },
  axis: TimeAxis,
  width: number,
): [from: number, to: number] {
  const scale = axis.durationMs > 0 ? (width * 8) / axis.durationMs : 0
  const from = clamp(Math.round((span.startMs - axis.startMs) * scale), width * 8 - 1)
  const end = (span.startMs + span.durationMs - axis.startMs) * scale
  return [from, Math.max(from + 1, clamp(Math.round(end), width * 8))]
}

function clamp(value: number, max: number): number {
  return Math.min(Math.max(value, 0), max)
}

/** The character that covers a column best between two of its eighths. */
function cell(from: number, to: number): string {
  if (from === 0) return LEFT_BLOCKS[to] ?? '█'
  // Unicode has only two blocks that start in the middle of a column.
  if (to < 8 && from < 4) return LEFT_BLOCKS[to - from] ?? '▏'
  if (8 - from >= 7) return '█'
  return 8 - from >= 3 && to - from >= 3 ? '▐' : '▕'
}
