import { execFile, fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { VERSIONS } from './matrix.ts'
import { Projects, type Project } from './project.ts'
import { freePort } from './rpc-app.ts'

const run = promisify(execFile)
const PAGE = readFileSync(new URL('../../../docs/how-to/nestjs.md', import.meta.url), 'utf8')
const projects = new Projects(['core', 'nestjs'], { types: true })
afterAll(() => projects.close())

const NEW = {
  ...VERSIONS[12],
  '@angular-devkit/schematics-cli': '^22.0.0',
  '@nestjs/schematics': '^12.0.0',
  '@types/node': '^24.0.0',
  typescript: '^6.0.2',
}

let project: Project
beforeAll(async () => {
  project = await projects.create('nest-new', NEW)
}, 600_000)

/** Runs a program of the project's packages. */
const node = (program: string, ...args: string[]): Promise<unknown> =>
  run(process.execPath, [join('node_modules', program), ...args], { cwd: project.folder })

const SCHEMATICS = '@angular-devkit/schematics-cli/bin/schematics.js'

/** What the page says of a file: its import, and the line that it changes. */
function documented(file: string): { added: string; line: string } {
  const block = new RegExp(`// src/${file}\\n(.*?)\`\`\``, 's').exec(PAGE)![1]!
  const [added, line] = block.split('\n').filter(Boolean)
  return { added: added!, line: line! }
}

/** Changes what a new application has by what the page says, and nothing else. */
const EDITS: readonly [file: string, found: string, replaced: (line: string) => string][] = [
  ['app.module.ts', 'imports: [],', (line) => `${/imports: \[.*\]/.exec(line)![0]},`],
  ['main.ts', 'const app = await NestFactory.create(AppModule);', (line) => line],
]

async function addDocumentedLines(app: string): Promise<void> {
  for (const [file, found, replaced] of EDITS) {
    const path = join(project.folder, app, 'src', file)
    const source = await readFile(path, 'utf8')
    const { added, line } = documented(file)
    expect(source).toContain(found)
    await writeFile(path, `${added}\n${source.replace(found, replaced(line))}`)
  }
}

const WAYS: Readonly<Record<string, (app: string) => Promise<unknown>>> = {
  'the two documented lines': addDocumentedLines,
  'nest add': (app) =>
    node(SCHEMATICS, '@throughline/nestjs:nest-add', `--source-root=${app}/src`, '--no-dry-run'),
}

async function stop(app: ChildProcess): Promise<void> {
  const exited = once(app, 'exit')
  app.kill()
  await exited
}

describe.each(['esm', 'cjs'])('what `nest new` writes, as %s', (type) => {
  it.each(Object.keys(WAYS))(
    'is traced by %s',
    async (way) => {
      const app = `${type}-${way.replaceAll(' ', '-')}`
      const options = ['--name=shop', `--directory=${app}`, `--type=${type}`, '--no-dry-run']
      await node(SCHEMATICS, '@nestjs/schematics:application', ...options)
      await WAYS[way]!(app)
      await node('typescript/bin/tsc', '-p', join(app, 'tsconfig.build.json'), '--types', 'node')

      const port = await freePort()
      const main = join(project.folder, app, 'dist/main.js')
      const running = fork(main, [], {
        execArgv: ['--require', join(project.folder, 'new-app-sdk.cjs')],
        env: { ...process.env, PORT: String(port) },
        silent: true,
      })
      try {
        const response = await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/`), 30_000)
        expect(await response.text()).toBe('Hello World!')
        running.send('take')
        const [spans] = (await once(running, 'message')) as [{ name: string; kind: string }[]]
        expect(spans.map(({ name, kind }) => `${name} [${kind}]`)).toEqual([
          'AppController.getHello [INTERNAL]',
          'GET / [SERVER]',
        ])
      } finally {
        await stop(running)
      }
    },
    120_000,
  )
})
