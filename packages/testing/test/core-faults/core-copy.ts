import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Http from '../../../core/src/http/index.ts'
import type * as Integration from '../../../core/src/integration.ts'
import type * as Messaging from '../../../core/src/messaging/index.ts'
import type * as Propagation from '../../../core/src/propagation/index.ts'

/** What an integration uses of core. */
export type Core = typeof Http & typeof Integration & typeof Messaging & typeof Propagation

/** A change of one place in core's sources, which has to be there exactly once. */
export interface Change {
  readonly file: string
  readonly from: string
  readonly to: string
}

const PACKAGE = join(import.meta.dirname, '../..')
const CORE = join(PACKAGE, '../core/src')
const ENTRIES = ['http/index.ts', 'integration.ts', 'messaging/index.ts', 'propagation/index.ts']

/** Copies of core, each loaded as a package of its own. */
export class CoreCopies {
  readonly #folder: string
  readonly #sources: ReadonlyMap<string, string>
  #count = 0

  private constructor(folder: string, sources: ReadonlyMap<string, string>) {
    this.#folder = folder
    this.#sources = sources
  }

  static async create(): Promise<CoreCopies> {
    const folder = await mkdtemp(join(tmpdir(), 'throughline-core-'))
    // What lies in there is left to Node: no transforms, a tenth of the time.
    const modules = join(folder, 'node_modules')
    await mkdir(modules)
    await symlink(join(PACKAGE, 'node_modules/@opentelemetry'), join(modules, '@opentelemetry'))
    const files = await readdir(CORE, { recursive: true })
    const sources = files.filter((file) => file.endsWith('.ts')).map(read)
    return new CoreCopies(folder, new Map(await Promise.all(sources)))
  }

  /** Loads a copy, with a change or as it is. Throws where the place to change is not there, or not once. */
  async load(change?: Change): Promise<Core> {
    const folder = join(this.#folder, 'node_modules', `core-${this.#count++}`)
    for (const [file, source] of this.#sources) {
      const path = join(folder, `${file}.mjs`)
      const text = file === change?.file ? applied(change, source) : source
      // In turn: they are many, small, and next to each other.
      // oxlint-disable-next-line no-await-in-loop
      await mkdir(dirname(path), { recursive: true })
      // oxlint-disable-next-line no-await-in-loop
      await writeFile(path, toJavaScript(text))
    }
    const modules = ENTRIES.map((entry) => import(pathToFileURL(join(folder, `${entry}.mjs`)).href))
    return Object.assign({}, ...(await Promise.all(modules))) as Core
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}

async function read(file: string): Promise<[string, string]> {
  return [file, await readFile(join(CORE, file), 'utf8')]
}

function applied({ file, from, to }: Change, source: string): string {
  const parts = source.split(from)
  if (parts.length === 2) return parts.join(to)
  throw new Error(
    `core/src/${file} has ${parts.length - 1} places that read "${from}", and the fault needs one: ` +
      'bring test/core-faults/faults.ts up to date',
  )
}

const scripts = new Map<string, string>()

function toJavaScript(source: string): string {
  let script = scripts.get(source)
  if (script === undefined) {
    script = stripTypeScriptTypes(source).replaceAll(/(from '\.[^']*\.ts)'/g, "$1.mjs'")
    scripts.set(source, script)
  }
  return script
}
