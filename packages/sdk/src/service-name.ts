import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The name of the service where nobody gave one: of the package that the program belongs to. */
export function packageName(program: string | undefined = process.argv[1]): string | undefined {
  for (const folder of foldersAbove(program ? dirname(program) : process.cwd())) {
    try {
      const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name?: unknown
      }
      if (typeof name === 'string') return name
    } catch {
      // No package.json here, or not one that can be read: look further up.
    }
  }
  return undefined
}

function* foldersAbove(folder: string): Generator<string> {
  for (let at = folder; ; at = dirname(at)) {
    yield at
    if (at === dirname(at)) return
  }
}
