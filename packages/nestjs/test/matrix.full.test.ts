import { execFile, fork } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from './rpc-app.ts'

interface Answer {
  readonly status: number
  readonly tree: readonly string[]
}

const run = promisify(execFile)
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The newest of each major, and the last one before Nest had its hooks. */
const VERSIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  10: versions('^10.4.0'),
  '11.1.3': versions('11.1.3'),
  11: versions('^11.2.0'),
  12: versions('^12.0.0'),
}

function versions(nest: string): Record<string, string> {
  const names = ['common', 'core', 'microservices', 'platform-express', 'platform-fastify']
  return {
    ...Object.fromEntries(names.map((name) => [`@nestjs/${name}`, nest])),
    '@opentelemetry/api': '1.9.0',
    '@opentelemetry/context-async-hooks': '^2.0.0',
    '@opentelemetry/core': '^2.0.0',
    '@opentelemetry/sdk-trace-base': '^2.0.0',
    ioredis: '^5.0.0',
    'reflect-metadata': '^0.2.0',
    rxjs: '^7.8.0',
  }
}

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'throughline-nest-matrix-'))
  for (const name of ['core', 'nestjs']) {
    const args = ['--no-publint', '--no-attw', '--no-dts', '--out-dir', join(folder, 'built', name)]
    await run(here('../../../node_modules/.bin/tsdown'), args, { cwd: here(`../../${name}`) })
  }
  for (const version of Object.keys(VERSIONS)) await install(version)
}, 600_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A project as a user has it: Nest from the registry, and what we publish beside it. */
async function install(version: string): Promise<void> {
  const project = join(folder, version)
  await mkdir(project)
  const manifest = { private: true, dependencies: VERSIONS[version] }
  await writeFile(join(project, 'package.json'), JSON.stringify(manifest))
  await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: project })
  for (const name of ['core', 'nestjs']) {
    const to = join(project, 'node_modules/@throughline', name)
    await cp(here(`../../${name}/package.json`), join(to, 'package.json'))
    await cp(join(folder, 'built', name), join(to, 'dist'), { recursive: true })
  }
  await cp(here('fixtures'), project, { recursive: true })
}

async function answersOf(
  version: string,
  format: string,
  settings: object,
): Promise<Record<string, Answer>> {
  const main = join(folder, version, `matrix-main.${format}`)
  const options = { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] as never[] }
  const child = fork(main, [JSON.stringify(settings)], options)
  let errors = ''
  child.stderr?.on('data', (text) => (errors += text))
  return new Promise((resolve, reject) => {
    child.once('message', (answers) => resolve(answers as Record<string, Answer>))
    child.once('exit', (code) => reject(new Error(`the application ended with ${code}: ${errors}`)))
  })
}

/** The trace of an order: what a version cannot do is left out, and nothing else. */
function orderOf(version: string): string[] {
  const hooks = version === '11' || version === '12'
  const enhancers = (...lines: string[]): string[] => (hooks ? lines : [])
  const answer = ['stock.count [SERVER]', '  OrdersController.count [INTERNAL]']
  const indented = answer.map((line) => `        ${line}`)
  return [
    'POST /orders [SERVER]',
    ...enhancers('  AuthGuard.canActivate [INTERNAL]'),
    '  OrdersController.create [INTERNAL]',
    ...enhancers(
      '    TimingInterceptor.intercept [INTERNAL]',
      '    OrderPipe.transform [INTERNAL]',
    ),
    '    OrdersService.place [INTERNAL]',
    '      stock.count [CLIENT]',
    ...(hooks ? indented : answer),
  ]
}

describe.each(Object.keys(VERSIONS))('Nest %s', (version) => {
  describe.each(['express', 'fastify'])('on %s', (adapter) => {
    it.each([
      ['cjs', 'TCP'],
      ['mjs', 'TCP'],
      ['cjs', 'REDIS'],
      ['mjs', 'REDIS'],
    ])('as %s, over %s: one order is one trace', async (format, transport) => {
      const settings = {
        adapter,
        transport,
        port: await freePort(),
        redis: process.env['REDIS_URL'],
      }
      const { order, denied, nowhere, events, file } = await answersOf(version, format, settings)
      expect(order).toEqual({ status: 201, tree: orderOf(version) })
      expect(denied).toMatchObject({ status: 403 })
      expect(denied!.tree[0]).toBe('POST /orders [SERVER]')
      expect(nowhere).toEqual({ status: 404, tree: ['GET [SERVER]'] })
      expect(events!.tree).toEqual([
        'GET /orders/events [SERVER]',
        '  OrdersController.stream [INTERNAL]',
      ])
      expect(file!.tree).toEqual([
        'GET /orders/file [SERVER]',
        '  OrdersController.file [INTERNAL]',
      ])
    })
  })
})
