import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

// A page, the program whose code it shows, and the other files that it shows.
const PAGES: readonly [page: string, program: string, ...also: string[]][] = [
  ['any-queue', 'any-queue.ts'],
  ['bullmq', 'bullmq.ts'],
  ['threads', 'threads.ts', 'label.ts'],
  ['child-process', 'child-process.ts'],
  ['schedule', 'schedule.ts'],
  ['in-process', 'in-process.ts'],
  ['pg-boss', 'pg-boss.ts'],
  ['graphile-worker', 'graphile-worker.ts'],
  ['drain', 'drain.ts'],
]

/** The code blocks of a page: by language, in order. */
function blocks(page: string, language: string): string[] {
  const found = page.matchAll(/```(\w+)\n(.*?)```/gs)
  return [...found].filter((block) => block[1] === language).map((block) => block[2]!)
}

it.each(PAGES)(
  'docs/how-to/%s.md shows code that runs, and what it makes',
  async (name, ...files) => {
    const page = await readFile(at(`../../../docs/how-to/${name}.md`), 'utf8')
    const sources = files.map((file) => readFile(at(`how-to/${file}`), 'utf8'))
    expect(blocks(page, 'ts')).toEqual(await Promise.all(sources))

    const args = [
      '--conditions=@throughline/source',
      '--import',
      at('how-to/tracing.ts'),
      at(`how-to/${files[0]}`),
    ]
    const { stdout } = await run(process.execPath, args)
    // Two traces of one moment come in any order, and a timer ticks as often as it does.
    const lines = (text: string): string[] =>
      [...new Set(text.split('\n').filter(Boolean))].toSorted((a, b) => a.localeCompare(b))
    expect(lines(stdout)).toEqual(lines(blocks(page, 'text').join('')))
  },
)
