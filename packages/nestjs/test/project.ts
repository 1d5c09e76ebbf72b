import { execFile, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { npmProject } from '@throughline/test-services'

const run = promisify(execFile)
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** A project as a user has it: packages from the registry, what we publish beside them, and the programs of `fixtures`. */
export interface Project {
  readonly folder: string
  /** Runs a program of the project in a process of its own, until it sends its answer. */
  answer<T>(program: string, settings: object): Promise<T>
  /** The package.json of a package that it has. */
  manifestOf(name: string): Promise<any>
}

/** Our packages, built once, and the projects that have them. */
export class Projects {
  readonly #root: Promise<string> = mkdtemp(join(tmpdir(), 'throughline-nest-'))
  readonly #built: Promise<unknown>
  readonly #ours: readonly string[]

  constructor(ours: readonly string[], { types = false }: { readonly types?: boolean } = {}) {
    this.#ours = ours
    this.#built = this.#root.then((root) => build(root, ours, types))
  }

  async create(name: string, dependencies: Readonly<Record<string, string>>): Promise<Project> {
    const [root] = await Promise.all([this.#root, this.#built])
    const installed = join(await npmProject(dependencies), 'node_modules')
    const folder = join(root, name)
    const modules = join(folder, 'node_modules')
    await mkdir(join(modules, '@throughline'), { recursive: true })
    for (const entry of await readdir(installed)) {
      if (entry.startsWith('.') || entry === '@throughline') continue
      await symlink(join(installed, entry), join(modules, entry))
    }
    for (const ours of this.#ours) {
      await cp(join(root, 'built', ours), join(modules, '@throughline', ours), { recursive: true })
    }
    await cp(here('fixtures'), folder, { recursive: true })
    return {
      folder,
      answer: (program, settings) => answer(join(folder, program), settings),
      manifestOf: async (of) =>
        JSON.parse(await readFile(join(modules, of, 'package.json'), 'utf8')),
    }
  }

  async close(): Promise<void> {
    await rm(await this.#root, { recursive: true, force: true })
  }
}

/** As they are published, their types only where something is compiled against them. */
async function build(root: string, ours: readonly string[], types: boolean): Promise<void> {
  const tsdown = here('../../../node_modules/.bin/tsdown')
  for (const name of ours) {
    const to = join(root, 'built', name)
    const args = ['--no-publint', '--no-attw', '--out-dir', join(to, 'dist')]
    await run(tsdown, types ? args : [...args, '--no-dts'], { cwd: here(`../../${name}`) })
    for (const file of ['package.json', 'collection.json']) {
      const from = here(`../../${name}/${file}`)
      if (existsSync(from)) await cp(from, join(to, file))
    }
  }
}

function answer<T>(program: string, settings: object): Promise<T> {
  const stdio = ['ignore', 'ignore', 'pipe', 'ipc'] as never[]
  const child = fork(program, [JSON.stringify(settings)], { execArgv: [], stdio })
  let errors = ''
  child.stderr?.on('data', (text) => (errors += text))
  return new Promise((resolve, reject) => {
    child.once('message', (sent) => resolve(sent as T))
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}: ${errors}`)))
  })
}
