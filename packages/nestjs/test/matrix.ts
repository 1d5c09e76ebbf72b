import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import { expect } from 'vitest'
import type { Project } from './project.ts'
import { freePort } from './rpc-app.ts'

export type Version = '10' | '11.1.3' | '11' | '12'

/** The newest of each major, and the last one before Nest had its hooks. */
export const VERSIONS: Readonly<Record<Version, Record<string, string>>> = {
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
    kafkajs: '^2.2.4',
    'reflect-metadata': '^0.2.0',
    rxjs: '^7.8.0',
  }
}

/** What is published of ours and needed for it. */
export const OURS: readonly string[] = ['core', 'kafkajs', 'nestjs']

/** One cell of the matrix. */
export interface Cell {
  readonly version: Version
  readonly adapter: string
  readonly format: string
  readonly transport: string
}

interface Answer {
  readonly status: number
  readonly tree: readonly string[]
}

/** Runs the application of a cell and expects the traces that its version promises. */
export async function expectTraces(project: Project, cell: Cell): Promise<void> {
  const expected = orderOf(cell)
  const prefix = `nest-${randomUUID().slice(0, 8)}.`
  const brokers = process.env['KAFKA_BROKERS']!.split(',')
  if (cell.transport === 'KAFKA') await createTopics(brokers, prefix)
  const answers = await project.answer<Record<string, Answer>>(`matrix-main.${cell.format}`, {
    ...cell,
    prefix,
    brokers,
    spans: expected.length,
    port: await freePort(),
    redis: process.env['REDIS_URL'],
  })
  const { order, denied, nowhere, events, file } = answers
  expect(order).toEqual({ status: 201, tree: expected })
  expect(denied).toMatchObject({ status: 403 })
  expect(denied!.tree[0]).toBe('POST /orders [SERVER]')
  expect(nowhere).toEqual({ status: 404, tree: ['GET [SERVER]'] })
  expect(events!.tree).toEqual([
    'GET /orders/events [SERVER]',
    '  OrdersController.stream [INTERNAL]',
  ])
  expect(file!.tree).toEqual(['GET /orders/file [SERVER]', '  OrdersController.file [INTERNAL]'])
}

async function createTopics(brokers: string[], prefix: string): Promise<void> {
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const topics = ['stock.count', 'stock.count.reply', 'orders.created']
  await admin.createTopics({
    topics: topics.map((name) => ({ topic: `${prefix}${name}` })),
    waitForLeaders: true,
  })
  await admin.disconnect()
}

/** The trace of an order: what a version cannot do is left out, and nothing else. */
function orderOf({ version, transport }: Cell): string[] {
  const hooks = version === '11' || version === '12'
  const isKafka = transport === 'KAFKA'
  const enhancers = (...lines: string[]): string[] => (hooks ? lines : [])
  const counted = isKafka
    ? [
        'process stock.count [CONSUMER]',
        '  OrdersController.count [INTERNAL]',
        '  send stock.count.reply [PRODUCER]',
        '    process stock.count.reply [CONSUMER]',
      ]
    : ['stock.count [SERVER]', '  OrdersController.count [INTERNAL]']
  const created = ['process orders.created [CONSUMER]', '  OrdersConsumer.onCreated [INTERNAL]']
  // Kafka's context is in its own headers; that of TCP and Redis needs Nest's hooks to be read.
  const continued = hooks || isKafka
  const below = (lines: string[]): string[] =>
    continued ? lines.map((line) => `        ${line}`) : []
  return [
    'POST /orders [SERVER]',
    ...enhancers(
      '  AuthGuard.canActivate [INTERNAL]',
      '  TimingInterceptor.intercept [INTERNAL]',
      '  ValidationPipe.transform [INTERNAL]',
    ),
    '  OrdersController.create [INTERNAL]',
    '    OrdersService.place [INTERNAL]',
    isKafka ? '      send stock.count [PRODUCER]' : '      stock.count [CLIENT]',
    ...below(counted),
    '      send orders.created [PRODUCER]',
    ...below(created),
    ...(continued ? [] : [...counted, ...created]),
  ]
}
