import { afterAll, beforeAll, describe, it } from 'vitest'
import { OURS, VERSIONS, expectTraces, type Version } from './matrix.ts'
import { Projects, type Project } from './project.ts'

const projects = new Projects(OURS)
afterAll(() => projects.close())

describe.each(Object.keys(VERSIONS) as Version[])('Nest %s', (version) => {
  let project: Project
  beforeAll(async () => {
    project = await projects.create(version, VERSIONS[version])
  }, 600_000)

  describe.each(['express', 'fastify'])('on %s', (adapter) => {
    it.each([
      ['cjs', 'TCP'],
      ['mjs', 'TCP'],
      ['cjs', 'REDIS'],
      ['mjs', 'REDIS'],
      ['cjs', 'KAFKA'],
      ['mjs', 'KAFKA'],
    ])('as %s, over %s: one order is one trace', (format, transport) =>
      expectTraces(project, { version, adapter, format, transport }),
    )
  })
})
