import {
  conformanceCases,
  describeConformance,
  describeSendConformance,
  sendConformanceCases,
  type ConformanceCase,
} from '@throughline/testing/conformance'
import { afterAll, describe, expect, test } from 'vitest'
import { CoreCopies, type Core } from './core-faults/core-copy.ts'
import { CORE_FAULTS, type CoreFault } from './core-faults/faults.ts'
import { client, server } from './core-faults/http.ts'
import { consumer, producer } from './core-faults/queue.ts'

const copies = await CoreCopies.create()
const sound = await copies.load()
afterAll(() => copies.remove())

// What a fault is found with has to be without fault itself.
describeConformance(consumer(sound), { describe, test })
describeConformance(server(sound), { describe, test })
describeSendConformance(producer(sound), { describe, test })
describeSendConformance(client(sound), { describe, test })

type Cases = (core: Core, timeoutMs: number | undefined) => ConformanceCase[]

const casesOf: Record<CoreFault['by'], Cases> = {
  consumer: (core, timeoutMs) => conformanceCases(consumer(core, timeoutMs)),
  producer: (core, timeoutMs) => sendConformanceCases(producer(core, timeoutMs)),
  server: (core, timeoutMs) => conformanceCases(server(core, timeoutMs)),
  client: (core, timeoutMs) => sendConformanceCases(client(core, timeoutMs)),
}

describe('the contract finds a core in which', () => {
  const titled = CORE_FAULTS.map((one) => [one.fault, one.id, one.by, one] as const)
  test.each(titled)('%s (case "%s" of the %s)', async (_, id, by, { says, inVain, ...change }) => {
    const core = await copies.load(change)
    const found = casesOf[by](core, inVain && 300).find((one) => one.id === id)!
    await expect(found.run()).rejects.toThrow(says)
  })
})

test('a fault whose place in core is gone, or there twice, says so', async () => {
  const gone = { file: 'guard.ts', from: 'no such line', to: '' }
  await expect(copies.load(gone)).rejects.toThrow('guard.ts has 0 places that read "no such line"')
  const twice = { file: 'span/settle.ts', from: 'throw error', to: '' }
  await expect(copies.load(twice)).rejects.toThrow('has 2 places')
})
