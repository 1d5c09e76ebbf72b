import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { EXPECTED_MATRIX } from './fixtures/expected-matrix.ts'

const program = fileURLToPath(new URL('fixtures/context-matrix.ts', import.meta.url))

it('F17: queues, pools and callbacks confuse contexts as expected, and binding mends it', async () => {
  const args = ['--conditions=@throughline/source', program]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  expect(JSON.parse(stdout)).toEqual(EXPECTED_MATRIX)
})
