// Runs one variant of one question and prints what it measured: `node child.ts <question> <variant>`. With a question whose
// variants take turns it runs all of them: `node child.ts <question>`.
import { measure, measureInTurns } from './measure.ts'
import type { Question, Subject } from './question.ts'

const [name, variant] = process.argv.slice(2)
const { question } = (await import(`./questions/${name}.ts`)) as { question: Question }
const measurement = question.inTurns ? await inTurns() : await alone(variant ?? '')
console.log(JSON.stringify(measurement))
process.exit()

async function alone(asked: string): Promise<unknown> {
  const setUp = question.variants[asked]
  if (!setUp) throw new Error(`the question ${name} has no variant "${asked}"`)
  const subject = await setUp()
  const measured = await measure(subject)
  await subject.close?.()
  return measured
}

async function inTurns(): Promise<unknown> {
  const subjects = new Map<string, Subject>()
  for (const [each, setUp] of Object.entries(question.variants)) subjects.set(each, await setUp())
  const measured = await measureInTurns(subjects)
  for (const subject of subjects.values()) await subject.close?.()
  return measured
}
