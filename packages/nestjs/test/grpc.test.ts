import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Metadata } from '@grpc/grpc-js'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import {
  ClientsModule,
  GrpcMethod,
  RpcException,
  Transport,
  type ClientGrpc,
  type GrpcOptions,
} from '@nestjs/microservices'
import { withSpan } from '@throughline/core'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { firstValueFrom, from, lastValueFrom, type Observable } from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { TracingModule } from '../src/index.ts'
import { freePort } from './rpc-app.ts'

const PROTO = `
syntax = "proto3";
package stock;
service Stock {
  rpc Count (Article) returns (Amount);
  rpc List (Article) returns (stream Amount);
  rpc Broken (Article) returns (Amount);
}
message Article { string name = 1; }
message Amount { int32 count = 1; string tenant = 2; }
`

interface Amount {
  readonly count: number
  readonly tenant?: string
}

interface StockClient {
  count(article: object, ...rest: unknown[]): Observable<Amount>
  list(article: object): Observable<Amount>
  broken(article: object): Observable<Amount>
}

@Controller()
class StockController {
  @GrpcMethod('Stock', 'Count')
  async count({ name }: { name: string }, metadata: Metadata): Promise<Amount> {
    return { count: name.length, tenant: String(metadata.get('tenant')[0] ?? '') }
  }

  @GrpcMethod('Stock', 'List')
  list(): Observable<Amount> {
    return from([{ count: 1 }, { count: 2 }])
  }

  @GrpcMethod('Stock', 'Broken')
  broken(): Amount {
    throw new RpcException({ code: 5, message: 'no such article' })
  }
}

let tracing: TestTracing
let stock: StockClient
let close: () => Promise<void>

beforeAll(async () => {
  tracing = createTestTracing()
  const folder = await mkdtemp(join(tmpdir(), 'throughline-grpc-'))
  const protoPath = join(folder, 'stock.proto')
  await writeFile(protoPath, PROTO)
  const url = `127.0.0.1:${await freePort()}`
  const grpc: GrpcOptions = {
    transport: Transport.GRPC,
    options: { package: 'stock', protoPath, url },
  }
  @Module({ imports: [TracingModule.forRoot()], controllers: [StockController] })
  class Service {}
  @Module({
    imports: [TracingModule.forRoot(), ClientsModule.register([{ name: 'STOCK', ...grpc }])],
  })
  class Shop {}
  const service = await NestFactory.createMicroservice<GrpcOptions>(Service, {
    logger: false,
    ...grpc,
  })
  await service.listen()
  const shop = await NestFactory.createApplicationContext(Shop, { logger: false })
  stock = shop.get<ClientGrpc>('STOCK').getService<StockClient>('Stock')
  close = async () => {
    await shop.close()
    await service.close()
    await rm(folder, { recursive: true })
  }
})
afterEach(() => tracing.reset())
afterAll(async () => {
  await close?.()
  await tracing.shutdown()
})

describe('over gRPC', () => {
  it('a call is the child of whoever makes it', async () => {
    const amount = await withSpan('checkout', () => firstValueFrom(stock.count({ name: 'pears' })))
    expect(amount).toMatchObject({ count: 5 })
    await tracing.waitForSpans(4)
    expect(tracing.tree()).toBe(
      [
        'checkout [INTERNAL]',
        '  stock.Stock/Count [CLIENT]',
        '    stock.Stock/Count [SERVER]',
        '      StockController.count [INTERNAL]',
      ].join('\n'),
    )
    const server = tracing.spans().find((span) => span.kind === 'SERVER')
    expect(server?.attributes).toEqual({
      'rpc.system.name': 'grpc',
      'rpc.method': 'stock.Stock/Count',
      'nestjs.transport': 'grpc',
    })
  })

  it("the caller's own metadata arrives, and is not changed", async () => {
    const metadata = new Metadata()
    metadata.set('tenant', 'acme')
    const amount = await firstValueFrom(stock.count({ name: 'a' }, metadata))
    expect(amount.tenant).toBe('acme')
    expect(Object.keys(metadata.getMap())).toEqual(['tenant'])
  })

  it('a stream of answers is one call, open until the last', async () => {
    expect(await lastValueFrom(stock.list({ name: 'a' }))).toMatchObject({ count: 2 })
    await tracing.waitForSpans(3)
    expect(tracing.unended()).toEqual([])
    expect(new Set(tracing.spans().map((span) => span.traceId)).size).toBe(1)
  })

  it('what the server refuses is an error of the caller, by its code', async () => {
    await expect(firstValueFrom(stock.broken({ name: 'a' }))).rejects.toMatchObject({ code: 5 })
    await tracing.waitForSpans(3)
    const client = tracing.spans().find((span) => span.kind === 'CLIENT')
    expect(client).toMatchObject({ status: 'ERROR', attributes: { 'error.type': '5' } })
    const server = tracing.spans().find((span) => span.kind === 'SERVER')
    expect(server?.status).toBe('UNSET')
  })
})
