import { exporting } from '../exporting.ts'
import { bareSpan, throughline, traced, untraced, type SetUp } from '../fastify-peers.ts'
import type { Question, Subject } from '../question.ts'
import { registerSdk } from '../sdk.ts'

/** So many requests are sent before their spans are waited for: none are dropped, which would make tracing look cheap. */
const AT_ONCE = 2048

const exported = async (setUp: SetUp): Promise<Subject> => {
  const processor = await exporting()
  const subject = await traced(setUp, () => registerSdk({ processor }))
  return {
    async run(times) {
      for (let left = times; left > 0; left -= AT_ONCE) {
        await subject.run(Math.min(left, AT_ONCE))
        await processor.forceFlush()
      }
    },
  }
}

// At most 2 µs on top of a bare span that costs 24 with its export.
export const question: Question = {
  title: 'A Fastify request, exported: our own part on top of the SDK’s span',
  unit: 'request',
  base: 'no tracing',
  peer: 'a bare SDK span',
  budgets: { '@throughline/fastify': 1.08 },
  variants: {
    'no tracing': () => exported(untraced),
    'a bare SDK span': () => exported(bareSpan),
    '@throughline/fastify': () => exported(throughline),
  },
}
