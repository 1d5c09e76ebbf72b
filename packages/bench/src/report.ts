import { cpus } from 'node:os'
import type { Answer, VariantAnswer } from './answer.ts'

/** The page of all answers, for docs/reference/benchmarks.md. */
export function renderReport(answers: readonly Answer[]): string {
  return [
    '# Benchmarks',
    '',
    'Made by `pnpm bench`; not written by hand. Every variant runs in a process of its own, fresh in each round, and they take',
    'short turns, one at a time, so that what the machine does meanwhile it does to all of them. The figures are means over the',
    'turns, without the tenth at each end, and medians over the rounds. CPU time is that of the whole process. Absolute times differ',
    'between machines: the ratios are what counts, and where a question has a base, they compare what each variant',
    'adds to it. Where a time by the clock is given too, all variants shared one process and one server, and the ratios are of that',
    'time.',
    '',
    `Node ${process.versions.node}, ${cpus().length} cores.`,
    ...answers.flatMap(renderAnswer),
    '',
  ].join('\n')
}

function renderAnswer(answer: Answer): string[] {
  return [
    '',
    `## ${answer.title}`,
    '',
    `Per ${answer.unit}, ${answer.rounds} rounds.`,
    '',
    ...headOf(answer),
    ...answer.variants.map((variant) => renderVariant(variant, answer)),
  ]
}

function headOf({ variants }: Answer): string[] {
  const clock = variants.some((variant) => variant.elapsedMicros !== undefined)
  return clock
    ? [
        '| variant | µs by the clock | CPU µs | bytes | of the peer | budget |',
        '| --- | ---: | ---: | ---: | ---: | ---: |',
      ]
    : ['| variant | CPU µs | bytes | of the peer | budget |', '| --- | ---: | ---: | ---: | ---: |']
}

function renderVariant(variant: VariantAnswer, { base, peer }: Answer): string {
  const isBase = variant.variant === base
  const ratio = isBase ? '–' : variant.ratio.toFixed(2)
  const note = isBase ? ' (base)' : variant.variant === peer ? ' (peer)' : ''
  const met = variant.budget !== undefined && variant.ratio <= variant.budget
  const budget = variant.budget === undefined ? '' : `≤ ${variant.budget} ${met ? '✓' : '✗'}`
  const cells = [
    variant.variant + note,
    ...(variant.elapsedMicros === undefined ? [] : [variant.elapsedMicros.toFixed(1)]),
    variant.cpuMicros.toFixed(3),
    variant.allocatedBytes.toFixed(0),
    ratio,
    budget,
  ]
  return `| ${cells.join(' | ')} |`
}
