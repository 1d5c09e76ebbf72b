// Runs one variant of one question and prints what it measured: `node child.ts <question> <variant>`.
import { measure } from './measure.ts'
import type { Question } from './question.ts'

const [name, variant] = process.argv.slice(2)
const { question } = (await import(`./questions/${name}.ts`)) as { question: Question }
const setUp = question.variants[variant ?? '']
if (!setUp) throw new Error(`the question ${name} has no variant "${variant}"`)
const subject = await setUp()
const measurement = await measure(subject)
await subject.close?.()
console.log(JSON.stringify(measurement))
process.exit()
