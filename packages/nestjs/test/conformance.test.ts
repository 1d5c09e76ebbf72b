import { Controller, Get, Inject, Module, Param } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import {
  ClientProxyFactory,
  MessagePattern,
  Payload,
  Transport,
  type ClientOptions,
  type MicroserviceOptions,
} from '@nestjs/microservices'
import {
  describeConformance,
  type EntryAdapter,
  type Handle,
} from '@throughline/testing/conformance'
import { firstValueFrom } from 'rxjs'
import { describe, test } from 'vitest'
import { TracingModule } from '../src/index.ts'
import { SCOPE } from '../src/scope.ts'
import { freePort } from './rpc-app.ts'
import { ADAPTERS, startApp } from './shop-app.ts'

@Controller()
class WorkController {
  constructor(@Inject('HANDLE') private readonly handle: Handle) {}

  @Get('work/:id')
  serve(@Param('id') id: string): Promise<void> {
    return this.handle(id)
  }

  @MessagePattern('work')
  answer(@Payload() id: string): Promise<void> {
    return this.handle(id)
  }
}

function httpAdapter(name: keyof typeof ADAPTERS): EntryAdapter {
  return {
    name: `a NestJS application on ${name}`,
    scope: SCOPE,
    span: { kind: 'SERVER', attributes: ['http.request.method', 'url.path', 'url.scheme'] },
    async start(options, handle) {
      const metadata = {
        imports: [TracingModule.forRoot({ ...options, handlers: false })],
        controllers: [WorkController],
        providers: [{ provide: 'HANDLE', useValue: handle }],
      }
      const running = await startApp(metadata, {}, undefined, ADAPTERS[name]!())
      return {
        send: (id, carrier) =>
          fetch(`${running.url}/work/${id}`, { headers: carrier as Record<string, string> }),
        stop: () => running.close(),
      }
    },
    except: { malformed: 'fetch refuses to send such headers; core is tested with them' },
  }
}

const tcp: EntryAdapter = {
  name: 'a NestJS microservice over TCP',
  scope: SCOPE,
  span: { kind: 'SERVER', attributes: ['rpc.system.name', 'rpc.method'] },
  async start({ ignore, ...options }, handle) {
    const rpc = ignore ? { ignore } : {}
    @Module({
      imports: [TracingModule.forRoot({ ...options, rpc, handlers: false })],
      controllers: [WorkController],
      providers: [{ provide: 'HANDLE', useValue: handle }],
    })
    class Work {}
    const transport: MicroserviceOptions = {
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: await freePort() },
    }
    const service = await NestFactory.createMicroservice<MicroserviceOptions>(Work, {
      logger: false,
      ...transport,
    })
    await service.listen()
    return {
      async send(id, carrier) {
        const client = ClientProxyFactory.create(transport as ClientOptions)
        client.setOnDispatchHook((packet) => {
          packet.metadata = { ...(carrier as Record<string, string>) }
        })
        try {
          await firstValueFrom(client.send('work', id), { defaultValue: undefined })
        } finally {
          await client.close()
        }
      },
      stop: () => service.close(),
    }
  },
  except: {
    hooks: 'messages have no hook but "ignore", which the case of HTTP covers',
    suppressed: 'a socket takes the context of neither side along',
  },
}

describeConformance(httpAdapter('Fastify'), { describe, test })
describeConformance(httpAdapter('Express'), { describe, test })
describeConformance(tcp, { describe, test })
