import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'

const SOURCE = fileURLToPath(new URL('fixtures/traced-app.ts', import.meta.url))
const CONDITION = '@throughline/source'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'throughline-bundle-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function run(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return stdout.trim()
}

test('an application in one ESM file is traced as it is from its modules', async () => {
  const outfile = join(folder, 'app.mjs')
  await build({
    entryPoints: [SOURCE],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: [CONDITION],
    logLevel: 'error',
    // Fastify is CommonJS and asks for Node's own modules when it runs.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url)",
    },
  })
  const bundled = await run(outfile)
  expect(bundled).toBe(await run(`--conditions=${CONDITION}`, SOURCE))
  expect(bundled).toBe(
    [
      'GET /orders/:id [SERVER]',
      '  preHandler authenticate [INTERNAL]',
      '  handler showOrder [INTERNAL]',
      '    load order [INTERNAL]',
      'GET /broken [SERVER] ERROR',
      '  preHandler authenticate [INTERNAL]',
      '  handler [INTERNAL] ERROR',
    ].join('\n'),
  )
}, 30_000)
