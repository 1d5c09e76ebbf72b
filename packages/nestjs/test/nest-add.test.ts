import { readFileSync } from 'node:fs'
import { HostTree, type Tree } from '@angular-devkit/schematics'
import { expect, it } from 'vitest'
import { nestAdd } from '../src/nest-add/index.ts'

// What `nest new` writes.
const MODULE = `import { Module } from '@nestjs/common';
import { AppController } from './app.controller';
import { AppService } from './app.service';

@Module({
  imports: [],
  controllers: [AppController],
  providers: [AppService],
})
export class AppModule {}
`
const MAIN = `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module';

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(process.env.PORT ?? 3000);
}
bootstrap();
`

function add(files: Record<string, string>): { tree: Tree; warnings: string[] } {
  const tree = new HostTree()
  for (const [path, text] of Object.entries(files)) tree.create(path, text)
  const warnings: string[] = []
  nestAdd()(tree, { logger: { warn: (text) => warnings.push(text) } })
  return { tree, warnings }
}

it('adds the two documented lines to what `nest new` wrote', () => {
  const { tree, warnings } = add({ 'src/app.module.ts': MODULE, 'src/main.ts': MAIN })
  expect(warnings).toEqual([])
  expect(tree.readText('src/app.module.ts')).toBe(
    MODULE.replace('imports: []', 'imports: [TracingModule.forRoot()]').replace(
      "'./app.service';\n",
      "'./app.service';\nimport { TracingModule } from '@throughline/nestjs';\n",
    ),
  )
  expect(tree.readText('src/main.ts')).toBe(
    MAIN.replace('(AppModule)', '(AppModule, { instrument: tracingInstrument() })').replace(
      "'./app.module';\n",
      "'./app.module';\nimport { tracingInstrument } from '@throughline/nestjs';\n",
    ),
  )
})

it('changes nothing the second time', () => {
  const first = add({ 'src/app.module.ts': MODULE, 'src/main.ts': MAIN }).tree
  const files = {
    'src/app.module.ts': first.readText('src/app.module.ts'),
    'src/main.ts': first.readText('src/main.ts'),
  }
  const second = add(files).tree
  for (const [path, text] of Object.entries(files)) expect(second.readText(path)).toBe(text)
})

it('stands before other modules, and beside other options and adapters', () => {
  const { tree } = add({
    'src/app.module.ts': MODULE.replace('imports: []', 'imports: [\n    OrdersModule,\n  ]'),
    'src/main.ts': MAIN.replace(
      'create(AppModule)',
      'create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { cors: true })',
    ),
  })
  expect(tree.readText('src/app.module.ts')).toContain(
    'imports: [\n    TracingModule.forRoot(),\n    OrdersModule,\n  ]',
  )
  expect(tree.readText('src/main.ts')).toContain(
    'create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { instrument: tracingInstrument(), cors: true })',
  )
})

it('leaves what it does not recognise, and says so', () => {
  const { tree, warnings } = add({ 'src/main.ts': 'start()\n' })
  expect(tree.readText('src/main.ts')).toBe('start()\n')
  expect(warnings).toEqual([
    expect.stringContaining('src/app.module.ts'),
    expect.stringContaining('src/main.ts'),
  ])
})

it('is what the package and its collection say', () => {
  const json = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
  const { schematics, files } = json('../package.json')
  expect(files).toContain('collection.json')
  const collection = json(`../${schematics}`)
  expect(collection.schematics['nest-add'].factory).toBe('./dist/nest-add.cjs#nestAdd')
  expect(readFileSync(new URL('../tsdown.config.ts', import.meta.url), 'utf8')).toContain(
    "'nest-add': 'src/nest-add/index.ts'",
  )
})
