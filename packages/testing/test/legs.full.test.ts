import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from './legs/command.ts'
import { LEGS, NEED_A_RUNNER, entryPoints, install, installedApis } from './legs/legs.ts'
import { packAll, type Packed } from './legs/packed.ts'
import { findRuntimes } from './legs/runtimes.ts'

const folder = await mkdtemp(join(tmpdir(), 'throughline-legs-'))
const runtimes = await findRuntimes(folder)
let packed: Packed[]

beforeAll(async () => {
  packed = await packAll(folder)
}, 300_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

const FORMATS = ['mjs', 'cjs'] as const

describe.each(LEGS)('an application on $name', (leg) => {
  const place = join(folder, leg.name.replaceAll(' ', '-'))
  beforeAll(() => install(leg, packed, place), 300_000)

  test('has one api, of its line', async () => {
    expect(await installedApis(place)).toEqual([leg.openTelemetry['@opentelemetry/api']])
  })

  for (const runtime of runtimes) {
    if ('missing' in runtime) {
      test.skip(`(${runtime.missing})`, () => {})
      continue
    }
    const { node, version } = runtime
    const environment = { PATH: process.env['PATH'], HOME: process.env['HOME'] }
    const json = async (program: string, ...args: string[]) =>
      JSON.parse(await run(node, [program, ...args], place, environment)) as unknown

    test(`loads every entry point of every package in both formats on Node ${version}`, async () => {
      const entries = entryPoints(leg, packed)
      expect(entries.length).toBeGreaterThan(15)
      const [esm, cjs] = await Promise.all(
        FORMATS.map((format) => json(`entries.${format}`, ...entries)),
      )
      expect(esm).toEqual(cjs)
      // Those are loaded for their effect.
      for (const [entry, names] of Object.entries(esm as Record<string, string[]>)) {
        if (!entry.endsWith('/register')) expect(names, entry).not.toEqual([])
      }
    })

    test.each(FORMATS)(
      `traces Fastify, fetch and a thread as one, as %s, on Node ${version}`,
      async (format) => {
        expect(await json(`app.${format}`)).toEqual({
          tree: [
            'GET [CLIENT]',
            '  GET /orders/:id [SERVER]',
            '    GET [CLIENT]',
            '      GET /prices/:id [SERVER]',
            '    print label [INTERNAL]',
          ].join('\n'),
          inThread: { name: 'render label', isChild: true, sawItsTrace: true },
          left: [],
        })
      },
    )
  }

  test.each([
    ...Object.entries(leg.without),
    ...NEED_A_RUNNER.map((entry) => [entry, 'it needs a running test framework']),
  ])('is not asked to load %s, because %s', (name) =>
    expect(entryPoints(leg, packed)).not.toContain(name),
  )
})
