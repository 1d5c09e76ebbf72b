import { afterAll, expect, it } from 'vitest'
import { OURS, VERSIONS, expectTraces } from './matrix.ts'
import { Projects } from './project.ts'

const projects = new Projects(OURS)
afterAll(() => projects.close())

// All cells are in matrix.full.test.ts. The first run installs Nest 10 and 11.
it.each([
  { version: '10', adapter: 'express', format: 'cjs', transport: 'TCP' },
  { version: '11', adapter: 'fastify', format: 'mjs', transport: 'TCP' },
] as const)(
  'Nest $version on $adapter: one order is one trace',
  async (cell) => {
    const project = await projects.create(cell.version, VERSIONS[cell.version])
    await expectTraces(project, cell)
    expect.assertions(6)
  },
  300_000,
)
