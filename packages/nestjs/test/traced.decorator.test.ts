import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { trace } from '@opentelemetry/api'
import { HttpException, SetMetadata } from '@nestjs/common'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { BehaviorSubject, Observable, firstValueFrom, of, throwError, timer } from 'rxjs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { NoTrace, Traced } from '../src/index.ts'

class Prices {
  factor = 2
  readonly subject = new BehaviorSubject(1)

  @SetMetadata('role', 'seller')
  @Traced()
  @SetMetadata('unit', 'cent')
  quote(amount: number, _currency: string): number {
    return amount * this.factor
  }

  @Traced('quote slowly')
  async later(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 20))
    return trace.getActiveSpan()!.spanContext().spanId
  }

  @Traced()
  fails(error: unknown): never {
    throw error
  }

  @Traced()
  async rejects(error: unknown): Promise<never> {
    throw error
  }

  @Traced()
  stream(source: Observable<unknown>): Observable<unknown> {
    return source
  }

  @Traced()
  @Traced()
  twice(): void {}

  @Traced()
  @NoTrace()
  never(): void {}

  @Traced()
  static of(): void {}
}

class SalePrices extends Prices {}

let tracing: TestTracing

beforeAll(() => {
  tracing = createTestTracing()
})
afterEach(() => tracing.reset())
afterAll(() => tracing.shutdown())

describe('a traced method', () => {
  it('has a span named by its class and keeps result, this and arguments', () => {
    expect(new Prices().quote(3, 'EUR')).toBe(6)
    expect(tracing.span('Prices.quote')).toMatchObject({
      kind: 'INTERNAL',
      status: 'UNSET',
      attributes: { 'code.function.name': 'Prices.quote', 'nestjs.type': 'custom' },
    })
  })

  it('is named by the class that it is called on', () => {
    new SalePrices().quote(3, 'EUR')
    Prices.of()
    expect(tracing.spans().map((span) => span.name)).toEqual(['SalePrices.quote', 'Prices.of'])
  })

  it('keeps name, arity and metadata, of decorators above it and below it', () => {
    const quote: object = Reflect.get(Prices.prototype, 'quote')
    expect(quote).toHaveProperty('name', 'quote')
    expect(quote).toHaveLength(2)
    expect(Reflect.getMetadata('unit', quote)).toBe('cent')
    expect(Reflect.getMetadata('role', quote)).toBe('seller')
    expect(Object.keys(Prices.prototype)).toEqual([])
  })

  it('is measured until its promise settles, with its span active', async () => {
    const spanId = await new Prices().later()
    const span = tracing.span('quote slowly')
    expect(span.spanId).toBe(spanId)
    expect(span.durationMs).toBeGreaterThan(15)
    expect(span.attributes['code.function.name']).toBe('Prices.later')
  })

  it.each([new TypeError('no price'), 'text', null])('passes on what it throws: %s', (error) => {
    let thrown: unknown = 'nothing'
    try {
      new Prices().fails(error)
    } catch (caught) {
      thrown = caught
    }
    expect(thrown).toBe(error)
    expect(tracing.span('Prices.fails').status).toBe('ERROR')
  })

  it('passes on what it rejects with', async () => {
    const error = new TypeError('no price')
    await expect(new Prices().rejects(error)).rejects.toBe(error)
    expect(tracing.span('Prices.rejects')).toMatchObject({
      status: 'ERROR',
      attributes: { 'error.type': 'TypeError' },
    })
  })

  it('does not take an expected exception for an error', async () => {
    await expect(new Prices().rejects(new HttpException('gone', 410))).rejects.toThrow('gone')
    expect(tracing.span('Prices.rejects').status).toBe('UNSET')
  })

  it('has one span however often it is decorated, and none under @NoTrace', () => {
    new Prices().twice()
    new Prices().never()
    expect(tracing.spans().map((span) => span.name)).toEqual(['Prices.twice'])
  })

  it('cannot be anything but a method', () => {
    expect(() => {
      class Wrong {
        @Traced()
        get price(): number {
          return 1
        }
      }
      return Wrong
    }).toThrow('Traced: "price" is not a method')
  })
})

describe('a traced method that returns an Observable', () => {
  it('is measured until that ends, and again for each further subscription', async () => {
    const stream = new Prices().stream(timer(20))
    await firstValueFrom(stream)
    await firstValueFrom(stream)
    const spans = tracing.spans()
    expect(spans.map((span) => span.name)).toEqual(['Prices.stream', 'Prices.stream'])
    for (const span of spans) expect(span.durationMs).toBeGreaterThan(15)
  })

  it('is an error where that fails', async () => {
    const error = new TypeError('no price')
    const failing = new Prices().stream(throwError(() => error))
    await expect(firstValueFrom(failing)).rejects.toBe(error)
    expect(tracing.span('Prices.stream').status).toBe('ERROR')
  })

  it('ends when its subscriber leaves', () => {
    const subscription = new Prices().stream(new Observable(() => {})).subscribe()
    expect(tracing.spans()).toEqual([])
    subscription.unsubscribe()
    expect(tracing.span('Prices.stream').status).toBe('UNSET')
  })

  it('leaves an endless synchronous source when its subscriber does', async () => {
    let emitted = 0
    const endless = new Observable<number>((subscriber) => {
      while (!subscriber.closed) subscriber.next(emitted++)
    })
    expect(await firstValueFrom(new Prices().stream(endless))).toBe(0)
    expect(emitted).toBe(1)
    expect(tracing.unended()).toEqual([])
  })

  it('leaves a subject alone', () => {
    const prices = new Prices()
    expect(prices.stream(prices.subject)).toBe(prices.subject)
    expect(tracing.span('Prices.stream').status).toBe('UNSET')
  })

  it('ends although nobody ever subscribes', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    new Prices().stream(of(1))
    const collecting = setInterval(collect, 10)
    await tracing.waitForSpans(1).finally(() => clearInterval(collecting))
    expect(tracing.unended()).toEqual([])
  })
})

describe('a traced class', () => {
  it('has a span for each method that it declares, and none for lifecycle hooks and accessors', () => {
    class Base {
      inherited(): void {}
    }
    @Traced()
    class Service extends Base {
      place(): void {}
      onModuleInit(): void {}
      @NoTrace()
      quiet(): void {}
      @Traced('named')
      own(): void {}
      get size(): number {
        return 1
      }
    }
    const service = new Service()
    service.place()
    service.onModuleInit()
    service.quiet()
    service.own()
    service.inherited()
    expect(service.size).toBe(1)
    expect(service.constructor).toBe(Service)
    expect(tracing.spans().map((span) => span.name)).toEqual(['Service.place', 'named'])
  })

  it('can have another name in its spans', () => {
    @Traced('billing')
    class InternalBillingService {
      charge(): void {}
    }
    new InternalBillingService().charge()
    expect(tracing.spans().map((span) => span.name)).toEqual(['billing.charge'])
  })
})
