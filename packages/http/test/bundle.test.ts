import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

test('an application that is bundled into one ES module is traced the same', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'throughline-http-'))
  const outfile = join(folder, 'app.mjs')
  try {
    await build({
      entryPoints: [fileURLToPath(new URL('fixtures/bundled-app.ts', import.meta.url))],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      conditions: ['@throughline/source'],
      // Express is CommonJS and asks for Node's own modules with `require`.
      banner: {
        js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url)",
      },
      logLevel: 'silent',
    })
    const { stdout } = await promisify(execFile)(process.execPath, [outfile])
    expect(stdout.trim()).toBe('GET /shops/:shop/orders/:order [SERVER]')
  } finally {
    await rm(folder, { recursive: true })
  }
})
