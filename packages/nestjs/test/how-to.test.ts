import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'

const run = promisify(execFile)
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
// Inside of the package, where its dependencies are found; never committed.
const folder = here('../node_modules/.how-to')

/** What the reader has already, by the heading of the block; its code stands where the dots are. */
const AROUND: Readonly<Record<string, string>> = {
  'The two lines': `import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
declare const AppModule: object
...
export class Root {}`,
  Kafka: `import { NestFactory } from '@nestjs/core'
import { ClientsModule } from '@nestjs/microservices'
declare const AppModule: object
declare const brokers: string[]
...`,
  BullMQ: `import { BullModule } from '@nestjs/bullmq'
import { NestFactory } from '@nestjs/core'
import { tracingInstrument } from '@throughline/nestjs'
declare const AppModule: object
declare const connection: { host: string }
...`,
  'Other module options, from configuration': `import { TracingModule } from '@throughline/nestjs'
declare class ConfigService {}
...`,
  'Spans by hand': `import { TraceService } from '@throughline/nestjs'
interface Order { id: string }
export class Quotes {
  declare prices: { of(order: Order): number }
...
}`,
  // The part of nestjs-pino that is used.
  Logs: `declare const LoggerModule: {
  forRoot(options: { pinoHttp: { mixin(line: object, level: number): object } }): object
}
...`,
  'Beside another instrumentation': `import { NestFactory } from '@nestjs/core'
import { createObserveModule } from '@nestjs/observe'
import { tracingInstrument } from '@throughline/nestjs'
declare const AppModule: object
const { ObserveInstrument } = createObserveModule()
...`,
}

const OPTIONS = {
  extends: '../../tsconfig.json',
  compilerOptions: { isolatedDeclarations: false, declaration: false, lib: ['ES2023', 'DOM'] },
  include: ['*.ts'],
}

beforeAll(() => mkdir(folder, { recursive: true }))
afterAll(() => rm(folder, { recursive: true }))

it('every code block of docs/how-to/nestjs.md compiles', async () => {
  const page = await readFile(here('../../../docs/how-to/nestjs.md'), 'utf8')
  const sections = page.split(/^## /m).slice(1)
  const blocks = sections.flatMap((section) => {
    const heading = section.slice(0, section.indexOf('\n'))
    return [...section.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => ({ heading, code: code! }))
  })
  expect(new Set(blocks.map(({ heading }) => heading))).toEqual(new Set(Object.keys(AROUND)))
  for (const [at, { heading, code }] of blocks.entries()) {
    await writeFile(
      `${folder}/block-${at}.ts`,
      AROUND[heading]!.replace('...', () => code),
    )
  }
  await writeFile(`${folder}/tsconfig.json`, JSON.stringify(OPTIONS))
  const tsc = here('../../../node_modules/.bin/tsc')
  const compiled = run(tsc, ['--noEmit', '-p', folder]).catch((error: { stdout: string }) => error)
  expect((await compiled).stdout).toBe('')
})
