import { execFile } from 'node:child_process'
import { cp, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'

interface Said {
  readonly answers: readonly unknown[]
  readonly spans: readonly {
    readonly name: string
    readonly id: string
    readonly parent?: string
  }[]
}

const program = fileURLToPath(new URL('fixtures/two-apis.ts', import.meta.url))
const API = new URL('../node_modules/@opentelemetry/api', import.meta.url)
const ANSWERS = [7, 'Error: no', 'swept']

async function run(...copy: string[]): Promise<Said> {
  const args = ['--conditions=@throughline/source', program, ...copy]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args)
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Said
}

it('F16: jobs are traced by an SDK that was registered with another copy of the api', async () => {
  const copy = await mkdtemp(join(tmpdir(), 'throughline-api-'))
  onTestFinished(() => rm(copy, { recursive: true }))
  await cp(await realpath(API), copy, { recursive: true })
  const { answers, spans } = await run(copy)
  expect(answers).toEqual(ANSWERS)
  const name = (id: string | undefined): string | undefined =>
    spans.find((span) => span.id === id)?.name
  expect(spans.map((span) => [span.name, name(span.parent)])).toEqual([
    ['send mail', undefined],
    ['inside', 'process mail'],
    ['process mail', undefined],
    ['process mail', undefined],
    ['tick sweep', undefined],
  ])
})

it('F16: jobs run untraced where an older copy of the api came first, which this one does not trust', async () => {
  const { answers, spans } = await run()
  expect(answers).toEqual(ANSWERS)
  expect(spans.map((span) => span.name)).toEqual(['inside'])
})
