// `pnpm bench [question…] [--rounds 5] [--write]`: answers the questions and, with --write, renews docs/reference.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { answer, type Answer } from './answer.ts'
import type { Question } from './question.ts'
import { renderReport } from './report.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    write: { type: 'boolean', default: false },
  },
})
const all = readdirSync(new URL('questions', import.meta.url)).map((file) =>
  file.replace('.ts', ''),
)
const unknown = positionals.filter((name) => !all.includes(name))
if (unknown.length > 0) {
  console.error(`no such question: ${unknown.join(', ')}; there are ${all.join(', ')}`)
  process.exit(2)
}

const answers: Answer[] = []
for (const name of positionals.length > 0 ? positionals : all) {
  const { question } = (await import(`./questions/${name}.ts`)) as { question: Question }
  answers.push(await answer(name, question, Number(values.rounds), (text) => console.error(text)))
}
console.log(renderReport(answers))
if (values.write) write(answers)

/** Answers that were not asked for now are kept as they were, while there is such a question. */
function write(fresh: readonly Answer[]): void {
  const data = new URL('../../../docs/reference/benchmarks.json', import.meta.url)
  const kept = readOld(data).filter(
    ({ name }) => all.includes(name) && !fresh.some((answered) => answered.name === name),
  )
  const merged = [...kept, ...fresh].toSorted((a, b) => a.name.localeCompare(b.name))
  writeFileSync(data, `${JSON.stringify(merged, null, 2)}\n`)
  writeFileSync(new URL('benchmarks.md', data), renderReport(merged))
}

function readOld(data: URL): Answer[] {
  try {
    return JSON.parse(readFileSync(data, 'utf8')) as Answer[]
  } catch {
    return []
  }
}
