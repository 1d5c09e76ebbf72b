import {
  conformanceCases,
  describeConformance,
  describeSendConformance,
  sendConformanceCases,
  type EntryAdapter,
} from '@throughline/testing/conformance'
import { describe, expect, test } from 'vitest'
import { SEND_FAULTS, clientAdapter, type SendFault } from './memory-client.ts'
import { FAULTS, queueAdapter, type Fault } from './queue-integration.ts'

describeConformance(queueAdapter(), { describe, test })
describeSendConformance(clientAdapter(), { describe, test })

describe('the suite finds an integration that', () => {
  const faults = Object.entries(FAULTS).map(([fault, [id, says]]) => [fault, id, says] as const)
  test.each(faults)('%s (case "%s")', async (fault, id, says) => {
    const adapter = queueAdapter(fault as Fault)
    const found = conformanceCases(adapter).find((one) => one.id === id)!
    await expect(found.run()).rejects.toThrow(says)
  })

  test('never hands the work to its handler', async () => {
    const adapter: EntryAdapter = {
      ...queueAdapter(),
      start: () => ({ send: () => Promise.resolve(), stop: () => {} }),
    }
    for (const one of conformanceCases(adapter)) {
      await expect(one.run(), one.title).rejects.toThrow(/never reached its handler|not called/)
    }
  })

  test('hangs', async () => {
    const adapter: EntryAdapter = {
      ...queueAdapter(),
      timeoutMs: 20,
      start: () => ({ send: () => new Promise(() => {}), stop: () => {} }),
    }
    const [first] = conformanceCases(adapter)
    await expect(first!.run()).rejects.toThrow('waited 20 ms for "one" to be handled')
  })
})

describe('the suite finds a client that', () => {
  const faults = Object.entries(SEND_FAULTS).map(
    ([fault, [id, says]]) => [fault, id, says] as const,
  )
  test.each(faults)('%s (case "%s")', async (fault, id, says) => {
    const adapter = clientAdapter(fault as SendFault)
    const found = sendConformanceCases(adapter).find((one) => one.id === id)!
    await expect(found.run()).rejects.toThrow(says)
  })

  test('never sends anything', async () => {
    const adapter = {
      ...clientAdapter(),
      start: () => ({ message: () => ({}) as never, send: () => {}, stop: () => {} }),
    }
    for (const one of sendConformanceCases(adapter)) {
      await expect(one.run(), one.title).rejects.toThrow(/arrived 0 times/)
    }
  })

  test('hangs', async () => {
    const start = () => ({
      message: () => ({}) as never,
      send: () => new Promise(() => {}),
      stop: () => {},
    })
    const [first] = sendConformanceCases({ ...clientAdapter(), timeoutMs: 20, start })
    await expect(first!.run()).rejects.toThrow('waited 20 ms for a call to settle')
  })
})

test('there is a broken integration for every case', () => {
  const entry = conformanceCases(queueAdapter()).map((one) => one.id)
  const send = sendConformanceCases(clientAdapter()).map((one) => one.id)
  expect(new Set(Object.values(FAULTS).map(([id]) => id))).toEqual(new Set(entry))
  expect(new Set(Object.values(SEND_FAULTS).map(([id]) => id))).toEqual(new Set(send))
})

test('a case that does not apply is registered as skipped, with its reason', () => {
  const tests: string[] = []
  const skipped: string[] = []
  const skip = (name: string) => skipped.push(name)
  const runner = {
    describe: (_: string, body: () => void) => body(),
    test: Object.assign((name: string) => tests.push(name), { skip }),
  }
  describeConformance({ ...queueAdapter(), except: { hooks: 'it has none' } }, runner)
  expect(skipped).toEqual([expect.stringContaining('(it has none)')])
  expect(tests).toHaveLength(17)
})
