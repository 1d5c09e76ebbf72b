// Holds variants of one question and lets them take a turn when it is told to: `node child.ts <question> <variant>…`.
import { allocated, takeTurn, warmUp } from './measure.ts'
import type { Order } from './bench-process.ts'
import type { Question, Subject } from './question.ts'

const [name, ...variants] = process.argv.slice(2)
const { question } = (await import(`./questions/${name}.ts`)) as { question: Question }
const subjects = new Map<string, { subject: Subject; times: number }>()
for (const variant of variants) {
  // oxlint-disable-next-line no-await-in-loop
  const subject = await question.variants[variant]!()
  // oxlint-disable-next-line no-await-in-loop
  subjects.set(variant, { subject, times: await warmUp(subject) })
}
process.on('message', (order: Order) => void carryOut(order))
process.send!('ready')

async function carryOut({ what, variant }: Order): Promise<void> {
  if (what === 'close') {
    for (const { subject } of subjects.values()) await subject.close?.()
    process.exit()
  }
  const { subject, times } = subjects.get(variant)!
  const does = what === 'turn' ? takeTurn : allocated
  process.send!(await does(subject, times))
}
