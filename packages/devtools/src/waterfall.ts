import { clean, fit, truncate, widthOf } from './display-text.ts'
import { durationBar, shadedBar, type TimeAxis } from './duration-bar.ts'
import { durationText } from './duration-text.ts'
import { SpanNotes, type SpanNote } from './span-note.ts'
import { spanTree, type TreeRow } from './span-tree.ts'
import type { StoredSpan, StoredTrace } from './stored-span.ts'
import { createPaint, SERVICE_COLORS, stdoutHasColor } from './terminal-color.ts'
import type { Paint, TerminalColor } from './terminal-color.ts'
import { maxTreeDepth, waterfallColumns } from './waterfall-columns.ts'
import type { WaterfallCells, WaterfallColumns } from './waterfall-columns.ts'

/** Options of {@link renderWaterfall}. */
export interface WaterfallOptions {
  /**
   * The longest line, in terminal columns; less than 40 is taken as 40.
   * @defaultValue the columns of the terminal, or 100
   */
  readonly width?: number
  /**
   * Whether to use ANSI colours.
   * @defaultValue true if stdout is a terminal and NO_COLOR is not set
   */
  readonly color?: boolean
  /** The traces that link to this one, from `store.linkedFrom(traceId)`: drawn as arrows that come in. */
  readonly linkedFrom?: readonly StoredTrace[]
  /** The traces that this one links to, from `store.linkedTo(traceId)`: names the ends of the arrows. */
  readonly linkedTo?: readonly StoredTrace[]
}

interface Line {
  readonly row: TreeRow
  readonly cells: WaterfallCells
}

interface Drawing {
  readonly columns: WaterfallColumns
  readonly axis: TimeAxis
  readonly width: number
  readonly paint: Paint
  readonly colors: ReadonlyMap<string, TerminalColor>
}

const MIN_WIDTH = 40

/**
 * Draws one trace for a terminal: a header, then a line for each span with service, name, kind, time bar, duration
 * and status, and below it the error and the links of the span. No line is longer than the width.
 *
 * @example
 * console.log(renderWaterfall(store.trace(traceId), { linkedFrom: store.linkedFrom(traceId) }))
 */
export function renderWaterfall(
  spans: readonly StoredSpan[],
  options: WaterfallOptions = {},
): string {
  if (spans.length === 0) return 'no spans'
  const width = Math.max(MIN_WIDTH, Math.floor(options.width ?? process.stdout.columns ?? 100))
  const axis = timeAxis(spans)
  const lines = spanTree(spans, maxTreeDepth(width)).map((row) => ({ row, cells: cellsOf(row) }))
  const notes = new SpanNotes(spans, options.linkedFrom ?? [], options.linkedTo ?? [])
  const drawing: Drawing = {
    columns: waterfallColumns(
      lines.map((line) => line.cells),
      width,
    ),
    axis,
    width,
    paint: createPaint(options.color ?? stdoutHasColor()),
    colors: serviceColors(spans),
  }
  const output = [drawHeader(spans, drawing)]
  for (const line of lines) {
    output.push(drawLine(line, drawing))
    if (line.row.hidden) continue
    for (const note of notes.of(line.row.span)) output.push(drawNote(note, line, drawing))
  }
  return output.map((line) => line.trimEnd()).join('\n')
}

/** From the first start to the last end of all spans, so that no skew of clocks draws outside. */
function timeAxis(spans: readonly StoredSpan[]): TimeAxis {
  let startMs = Infinity
  let endMs = -Infinity
  for (const span of spans) {
    startMs = Math.min(startMs, span.startMs)
    endMs = Math.max(endMs, span.startMs + span.durationMs)
  }
  return { startMs, durationMs: endMs - startMs }
}

function cellsOf({ span, hidden, prefix, hiddenErrors = 0 }: TreeRow): WaterfallCells {
  const name = clean(span.name) || '(no name)'
  const errors = hiddenErrors > 0 ? `, ${hiddenErrors} ✗` : ''
  return {
    service: clean(span.service),
    name: prefix + (hidden ? `… ${hidden.length} more${errors} ${name}` : name),
    kind: span.kind,
    duration: hidden ? '' : durationText(span.durationMs),
  }
}

function serviceColors(spans: readonly StoredSpan[]): Map<string, TerminalColor> {
  const services = new Set(spans.map((span) => span.service))
  return new Map(
    Array.from(services, (service, index) => [
      service,
      SERVICE_COLORS[index % SERVICE_COLORS.length] ?? 'cyan',
    ]),
  )
}

function drawHeader(spans: readonly StoredSpan[], { axis, width, paint }: Drawing): string {
  const ids = new Set(spans.map((span) => span.spanId))
  const orphans = spans.filter((span) => span.parentSpanId && !ids.has(span.parentSpanId)).length
  const errors = spans.filter((span) => span.status === 'ERROR').length
  const facts = [
    `trace ${spans[0]?.traceId.slice(0, 8)}…`,
    count(new Set(spans.map((span) => span.service)).size, 'service'),
    count(spans.length, 'span'),
    durationText(axis.durationMs),
    ...(errors > 0 ? [count(errors, 'error')] : []),
    ...(orphans > 0 ? [`${count(orphans, 'orphan')} ┄`] : []),
  ]
  return paint(truncate(facts.join(' · '), width), 'bold')
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

function drawLine({ row, cells }: Line, { columns, axis, paint, colors }: Drawing): string {
  const color = colors.get(row.span.service) ?? 'cyan'
  const failed = row.span.status === 'ERROR' && !row.hidden
  const name = fit(cells.name, columns.name)
  const bar = row.hidden
    ? shadedBar(timeAxis(row.hidden), axis, columns.bar)
    : durationBar(row.span, axis, columns.bar)
  const gap = ' '.repeat(columns.gap)
  const duration = ' '.repeat(columns.duration - widthOf(cells.duration)) + cells.duration
  return [
    paint(fit(cells.service, columns.service), color),
    paint(name.slice(0, row.prefix.length), 'dim') +
      (failed ? paint(name.slice(row.prefix.length), 'red') : name.slice(row.prefix.length)),
    paint(fit(cells.kind, columns.kind), 'dim'),
    paint(bar, failed ? 'red' : color) + ' '.repeat(columns.bar - widthOf(bar)),
    duration + drawStatus(row, paint),
  ].join(gap)
}

function drawStatus({ span, hidden }: TreeRow, paint: Paint): string {
  if (hidden || span.status === 'UNSET') return ''
  return span.status === 'ERROR' ? ` ${paint('✗', 'red')}` : ` ${paint('✓', 'green')}`
}

function drawNote(note: SpanNote, { row }: Line, { columns, width, paint }: Drawing): string {
  const margin = ' '.repeat(columns.service + columns.gap)
  const text = truncate(clean(note.text), width - margin.length - row.notePrefix.length)
  return margin + paint(row.notePrefix, 'dim') + paint(text, note.kind === 'error' ? 'red' : 'cyan')
}
