import {
  Controller,
  Get,
  HttpException,
  Inject,
  Injectable,
  ParseIntPipe,
  Query,
  SetMetadata,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentMetadata,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
} from '@nestjs/common'
import { APP_GUARD, Reflector } from '@nestjs/core'
import { withSpan } from '@throughline/core'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { delay, map, of, retry, type Observable } from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { NoTrace, TracingModule, tracingInstrument } from '../src/index.ts'
import { startApp, type RunningApp } from './shop-app.ts'

/** Enforces `@SetMetadata('role')`: it must go on doing so while it is traced. */
@Injectable()
class RolesGuard implements CanActivate {
  readonly #header = 'x-role'

  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  canActivate(execution: ExecutionContext): boolean {
    const role = this.reflector.get<string | undefined>('role', execution.getHandler())
    const { headers } = execution.switchToHttp().getRequest()
    return role === undefined || headers[this.#header] === role
  }
}

@Injectable()
class SlowGuard implements CanActivate {
  canActivate(): Observable<boolean> {
    return of(true).pipe(delay(20))
  }
}

@Injectable()
class BrokenGuard implements CanActivate {
  async canActivate(): Promise<boolean> {
    throw new RangeError('the guard broke')
  }
}

@Injectable()
class TrimPipe implements PipeTransform {
  transform(value: unknown, _metadata: ArgumentMetadata): unknown {
    if (value === 'bad') throw new HttpException('bad value', 400)
    return typeof value === 'string' ? value.trim() : value
  }
}

@Injectable()
class ClockInterceptor implements NestInterceptor {
  intercept(_execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    return withSpan('read clock', () => next.handle())
  }
}

@Injectable()
class RetryInterceptor implements NestInterceptor {
  intercept(_execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(retry(1))
  }
}

@Injectable()
class BreakingInterceptor implements NestInterceptor {
  intercept(_execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      map(() => {
        throw new RangeError('the answer broke')
      }),
    )
  }
}

@Injectable()
class CacheInterceptor implements NestInterceptor {
  async intercept(): Promise<Observable<string>> {
    return of('cached')
  }
}

@NoTrace()
@Injectable()
class QuietGuard implements CanActivate {
  canActivate(): boolean {
    return true
  }
}

/** Private state, of an instance that the decorator is given. */
class NamedGuard implements CanActivate {
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  canActivate(): boolean {
    return this.#name !== ''
  }
}

/** A service with methods of the same names, and one that lives on internal slots. */
@Injectable()
class Transformer {
  transform(value: string): string {
    return value.toUpperCase()
  }
}

class Registry extends Map<string, string> {}

@Controller('orders')
class OrdersController {
  constructor(
    @Inject(Transformer) private readonly transformer: Transformer,
    @Inject(Registry) private readonly registry: Registry,
  ) {}

  @Get('sold')
  @SetMetadata('role', 'seller')
  sold(): string {
    this.registry.set('a', this.transformer.transform('ok'))
    return this.registry.get('a')!
  }

  @Get('slow')
  @UseGuards(SlowGuard)
  slow(): string {
    return 'slow'
  }

  @Get('broken')
  @UseGuards(BrokenGuard)
  broken(): string {
    return 'never'
  }

  @Get('piped')
  @UsePipes(TrimPipe)
  piped(@Query('name') name: string, @Query('count', ParseIntPipe) count: number): string {
    return `${name}:${count}`
  }

  @Get('intercepted')
  @UseInterceptors(ClockInterceptor)
  intercepted(): string {
    return 'intercepted'
  }

  @Get('retried')
  @UseInterceptors(RetryInterceptor, ClockInterceptor)
  retried(): string {
    if (attempts++ === 0) throw new TypeError('the first time')
    return 'retried'
  }

  @Get('mapped')
  @UseInterceptors(BreakingInterceptor)
  mapped(): string {
    return 'never'
  }

  @Get('cached')
  @UseInterceptors(CacheInterceptor)
  cached(): string {
    return 'never'
  }

  @Get('instances')
  @UseGuards(new NamedGuard('g'))
  @UseInterceptors(new RetryInterceptor())
  instances(@Query('name', new TrimPipe()) name: string): string {
    return name
  }

  @Get('quiet')
  @UseGuards(QuietGuard)
  quiet(): string {
    return 'quiet'
  }
}

@Controller('ping')
class PingController {
  @Get()
  ping(@Query('name') name: string): string {
    return name
  }
}

let attempts = 0
let tracing: TestTracing
let running: RunningApp

const providers: Provider[] = [
  Transformer,
  { provide: Registry, useValue: new Registry() },
  { provide: 'PLAIN_MAP', useValue: new Map([['a', 1]]) },
  { provide: 'NOTHING', useValue: null },
  { provide: 'NUMBER', useValue: 1 },
  { provide: 'FROZEN', useValue: Object.freeze(new RolesGuard(new Reflector())) },
  { provide: 'BARE', useValue: Object.create(null) },
  { provide: 'ALIAS', useExisting: Transformer },
  { provide: APP_GUARD, useClass: RolesGuard },
]

beforeAll(async () => {
  tracing = createTestTracing()
  running = await startApp(
    { imports: [TracingModule.forRoot()], controllers: [OrdersController], providers },
    { instrument: tracingInstrument() },
  )
})
afterEach(() => tracing.reset())
afterAll(async () => {
  await running.close()
  await tracing.shutdown()
})

async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${running.url}/orders/${path}`, { headers })
}

function lines(...text: string[]): string {
  return text.join('\n')
}

function transformOf(pipe: unknown): unknown {
  return Reflect.get(pipe as object, 'transform')
}

describe('guards', () => {
  it('have a span in the request, and still see the metadata of the handler', async () => {
    expect(await (await get('sold', { 'x-role': 'seller' })).text()).toBe('OK')
    await tracing.waitForSpans(3)
    expect(tracing.tree()).toBe(
      lines(
        'GET /orders/sold [SERVER]',
        '  RolesGuard.canActivate [INTERNAL]',
        '  OrdersController.sold [INTERNAL]',
      ),
    )
    expect(tracing.span('RolesGuard.canActivate').attributes).toEqual({
      'code.function.name': 'RolesGuard.canActivate',
      'nestjs.type': 'guard',
    })
  })

  it('still deny', async () => {
    expect((await get('sold')).status).toBe(403)
    await tracing.waitForSpans(2)
    expect(tracing.tree()).toBe(
      lines('GET /orders/sold [SERVER]', '  RolesGuard.canActivate [INTERNAL]'),
    )
  })

  it('that answer by an Observable are measured to its end', async () => {
    await get('slow')
    await tracing.waitForSpans(4)
    expect(tracing.span('SlowGuard.canActivate').durationMs).toBeGreaterThan(15)
  })

  it('that break name the error of the request', async () => {
    expect((await get('broken')).status).toBe(500)
    await tracing.waitForSpans(3)
    expect(tracing.span('BrokenGuard.canActivate')).toMatchObject({ status: 'ERROR' })
    expect(tracing.span('BrokenGuard.canActivate').events).toHaveLength(1)
    expect(tracing.span('GET /orders/broken')).toMatchObject({
      status: 'ERROR',
      attributes: { 'error.type': 'RangeError' },
      events: [],
    })
  })

  it('have no span under @NoTrace', async () => {
    await get('quiet')
    const spans = await tracing.waitForSpans(3)
    expect(spans.map((span) => span.name)).not.toContain('QuietGuard.canActivate')
  })
})

describe('pipes', () => {
  it('have a span before the handler, those of Nest too', async () => {
    expect(await (await get('piped?name=%20a&count=2')).text()).toBe('a:2')
    await tracing.waitFor((all) => all.some((span) => span.kind === 'SERVER'))
    const request = tracing.span('GET /orders/piped')
    const pipes = tracing.spans().filter((span) => span.attributes['nestjs.type'] === 'pipe')
    expect(pipes.map((span) => span.name).toSorted()).toEqual([
      'ParseIntPipe.transform',
      'TrimPipe.transform',
      'TrimPipe.transform',
    ])
    for (const pipe of pipes) expect(pipe.parentSpanId).toBe(request.spanId)
  })

  it('that refuse a value are no errors', async () => {
    expect((await get('piped?name=bad&count=2')).status).toBe(400)
    const server = await tracing.waitFor((all) => all.find((span) => span.kind === 'SERVER'))
    expect(server.status).toBe('UNSET')
    for (const span of tracing.spans()) expect(span.status).toBe('UNSET')
  })
})

describe('interceptors', () => {
  it('have a span for their own work, which is over when the handler starts', async () => {
    expect(await (await get('intercepted')).text()).toBe('intercepted')
    await tracing.waitForSpans(5)
    expect(tracing.tree()).toBe(
      lines(
        'GET /orders/intercepted [SERVER]',
        '  RolesGuard.canActivate [INTERNAL]',
        '  ClockInterceptor.intercept [INTERNAL]',
        '    read clock [INTERNAL]',
        '      OrdersController.intercepted [INTERNAL]',
      ),
    )
  })

  it('have it once for each time that they are called', async () => {
    expect(await (await get('retried')).text()).toBe('retried')
    await tracing.waitFor((all) => all.some((span) => span.kind === 'SERVER'))
    expect(tracing.unended()).toEqual([])
    expect(tracing.span('RetryInterceptor.intercept').status).toBe('UNSET')
    const clocks = tracing.spans().filter((span) => span.name === 'ClockInterceptor.intercept')
    expect(clocks.map((span) => span.status)).toEqual(['UNSET', 'UNSET'])
    const attempts = tracing.spans().filter((span) => span.name === 'OrdersController.retried')
    expect(attempts.map((span) => span.status)).toEqual(['ERROR', 'UNSET'])
  })

  it('whose operators fail are what the request failed by', async () => {
    expect((await get('mapped')).status).toBe(500)
    const server = await tracing.waitFor((all) => all.find((span) => span.kind === 'SERVER'))
    expect(server).toMatchObject({ status: 'ERROR', attributes: { 'error.type': 'RangeError' } })
    expect(tracing.span('OrdersController.mapped').status).toBe('UNSET')
  })

  it('that answer themselves have a span until then, and the handler, which is not called, has none', async () => {
    expect(await (await get('cached')).text()).toBe('cached')
    await tracing.waitForSpans(3)
    expect(tracing.span('CacheInterceptor.intercept').status).toBe('UNSET')
    expect(tracing.spans().map((span) => span.name)).not.toContain('OrdersController.cached')
  })
})

describe('enhancers that are given as instances', () => {
  it('have their spans as all others', async () => {
    expect(await (await get('instances?name=%20a')).text()).toBe('a')
    await tracing.waitForSpans(6)
    expect(tracing.tree()).toBe(
      lines(
        'GET /orders/instances [SERVER]',
        '  RolesGuard.canActivate [INTERNAL]',
        '  NamedGuard.canActivate [INTERNAL]',
        '  RetryInterceptor.intercept [INTERNAL]',
        '  TrimPipe.transform [INTERNAL]',
        '  OrdersController.instances [INTERNAL]',
      ),
    )
  })

  it('have them where they are given to the application', async () => {
    const app = await startApp(
      { imports: [TracingModule.forRoot()], controllers: [PingController] },
      { instrument: tracingInstrument() },
      (nest) => nest.useGlobalGuards(new NamedGuard('g')).useGlobalPipes(new TrimPipe()),
    )
    try {
      await fetch(`${app.url}/ping?name=a`)
      await tracing.waitForSpans(4)
      expect(tracing.tree()).toContain('\n  NamedGuard.canActivate [INTERNAL]')
      expect(tracing.tree()).toContain('\n  TrimPipe.transform [INTERNAL]')
    } finally {
      await app.close()
    }
  })
})

describe('everything else', () => {
  it('stays what it was', () => {
    const { app } = running
    const guard = app.get<RolesGuard>('FROZEN')
    expect(Object.getPrototypeOf(guard)).toBe(RolesGuard.prototype)
    const transformer = app.get(Transformer)
    expect(transformer.transform('a')).toBe('A')
    expect(transformer).toBeInstanceOf(Transformer)
    expect(transformer.constructor).toBe(Transformer)
    expect(app.get('ALIAS')).toBe(transformer)
    expect(Object.getPrototypeOf(app.get('PLAIN_MAP'))).toBe(Map.prototype)
    expect(app.get<Map<string, number>>('PLAIN_MAP').get('a')).toBe(1)
    expect(tracing.spans()).toEqual([])
  })

  it('leaves the classes as they are', () => {
    const { instanceDecorator } = tracingInstrument()
    const original = transformOf(TrimPipe.prototype)
    const traced = transformOf(instanceDecorator(new TrimPipe()))
    expect(traced).not.toBe(original)
    expect(traced).toHaveProperty('name', 'transform')
    expect(traced).toHaveLength(2)
    expect(transformOf(TrimPipe.prototype)).toBe(original)
    expect(transformOf(new TrimPipe())).toBe(original)
  })

  it('wraps once what it is shown twice, by one instrument or by two', () => {
    const first = tracingInstrument()
    const pipe = new TrimPipe()
    const traced = transformOf(first.instanceDecorator(pipe))
    first.instanceDecorator(pipe)
    tracingInstrument().instanceDecorator(pipe)
    expect(transformOf(pipe)).toBe(traced)
  })

  it('leaves alone what cannot be inspected', () => {
    const { instanceDecorator } = tracingInstrument()
    const hostile = new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw new Error('not outside of a request')
        },
      },
    )
    expect(instanceDecorator(hostile)).toBe(hostile)
  })

  it('traces nothing where it is disabled', () => {
    const pipe = new TrimPipe()
    expect(tracingInstrument({ enabled: false }).instanceDecorator(pipe)).toBe(pipe)
    expect(Object.getPrototypeOf(pipe)).toBe(TrimPipe.prototype)
  })
})
