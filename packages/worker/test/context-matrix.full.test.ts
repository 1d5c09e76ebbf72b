import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { findRuntimes } from '../../testing/test/legs/runtimes.ts'
import { EXPECTED_MATRIX } from './fixtures/expected-matrix.ts'

const program = fileURLToPath(new URL('fixtures/context-matrix.ts', import.meta.url))
const runtimes = await findRuntimes(join(tmpdir(), 'throughline-runtimes'))

describe('F17: where Node and libraries confuse contexts, and what binding makes of it', () => {
  for (const runtime of runtimes) {
    const version = 'missing' in runtime ? runtime.missing : `Node ${runtime.version}`
    if ('missing' in runtime || runtime.version.startsWith('20.')) {
      const reason = 'missing' in runtime ? '' : ' (it cannot run TypeScript)'
      it.skip(`${version}${reason}`, () => {})
      continue
    }
    const flags = runtime.version.startsWith('22.')
      ? [[], ['--experimental-async-context-frame']]
      : [[], ['--no-async-context-frame']]
    it.each(flags.map((flag) => [flag]))(`${version} %j`, async (flag) => {
      const args = [...flag, '--conditions=@throughline/source', program]
      const { stdout } = await promisify(execFile)(runtime.node, args)
      expect(JSON.parse(stdout)).toEqual(EXPECTED_MATRIX)
    })
  }
})
