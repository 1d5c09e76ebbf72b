import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const MAX_LINES = 20
const root = new URL('..', import.meta.url)
const readme = readFileSync(new URL('README.md', root), 'utf8')
const blocks = [...readme.matchAll(/<!-- file: (\S+) -->\n\n```ts\n([\s\S]*?)\n?```/g)].map(
  ([, file, code]) => [file!, code!] as const,
)

test('every code block of the README says which file it is copied from', () => {
  expect(blocks.length).toBeGreaterThan(0)
  expect(blocks).toHaveLength([...readme.matchAll(/```ts\n/g)].length)
})

test.each(blocks)(
  'the block from %s stands there word for word, in at most 20 lines',
  (file, code) => {
    const source = readFileSync(new URL(file, root), 'utf8')
    expect(code.trim()).not.toBe('')
    // A block may leave out lines of the file, where it stands as an ellipsis.
    for (const part of code.split(/^ *\/\/ …\n/m)) expect(source).toContain(part)
    expect(code.split('\n').length).toBeLessThanOrEqual(MAX_LINES)
  },
)
