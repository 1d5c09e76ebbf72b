import { createServer, type AddressInfo } from 'node:net'
import { Controller, Inject, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import {
  ClientsModule,
  Ctx,
  EventPattern,
  MessagePattern,
  Payload,
  RpcException,
  type ClientProvider,
  type ClientProxy,
  type MicroserviceOptions,
} from '@nestjs/microservices'
import { of, type Observable } from 'rxjs'
import { TracingModule, tracingInstrument, type TracingModuleOptions } from '../src/index.ts'

/** Told of every event that was handled. */
export type Seen = (order: string, context: unknown) => unknown

@Controller()
export class StockController {
  constructor(@Inject('SEEN') private readonly seen: Seen) {}

  @MessagePattern('stock.count')
  async count(@Payload() article: string): Promise<number> {
    return article.length
  }

  @MessagePattern('stock.list')
  list(): Observable<string> {
    return of('a', 'b', 'c')
  }

  @MessagePattern('stock.broken')
  broken(): number {
    throw new TypeError('no stock')
  }

  @MessagePattern('stock.text')
  text(): number {
    // oxlint-disable-next-line only-throw-error -- people do
    throw 'no stock'
  }

  @MessagePattern('stock.refused')
  refused(): number {
    throw new RpcException('not yours')
  }

  @EventPattern('order.placed')
  placed(@Payload() order: string, @Ctx() context: unknown): unknown {
    return this.seen(order, context)
  }
}

/** A running microservice and a client that talks to it. */
export interface RunningRpc {
  readonly client: ClientProxy
  close(): Promise<void>
}

const QUIET = { logger: false as const, abortOnError: false }

/** Starts a microservice with `StockController`, and a shop of its own whose client talks to it. */
export async function startRpc(
  server: MicroserviceOptions,
  client: ClientProvider,
  tracing: TracingModuleOptions = {},
  seen: Seen = () => {},
): Promise<RunningRpc> {
  @Module({
    imports: [TracingModule.forRoot(tracing)],
    controllers: [StockController],
    providers: [{ provide: 'SEEN', useValue: seen }],
  })
  class Stock {}
  @Module({
    imports: [
      TracingModule.forRoot(tracing),
      ClientsModule.register([{ name: 'STOCK', ...client }]),
    ],
  })
  class Shop {}
  const service = await NestFactory.createMicroservice<MicroserviceOptions>(Stock, {
    ...QUIET,
    instrument: tracingInstrument(),
    ...server,
  })
  await service.listen()
  const shop = await NestFactory.createApplicationContext(Shop, QUIET)
  const stock = shop.get<ClientProxy>('STOCK')
  await stock.connect()
  return {
    client: stock,
    async close() {
      await shop.close()
      await service.close()
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
