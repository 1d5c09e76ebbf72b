import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { SpanKind, trace } from '@opentelemetry/api'
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

describe('generators', () => {
  class Pages {
    @Traced()
    *sync(count: number): Generator<string, string, string> {
      const said = yield trace.getActiveSpan()!.spanContext().spanId
      for (let at = 1; at < count; at++) yield said
      return 'done'
    }

    @Traced()
    async *async(): AsyncGenerator<string> {
      yield trace.getActiveSpan()!.spanContext().spanId
      await new Promise((resolve) => setTimeout(resolve, 20))
      yield trace.getActiveSpan()!.spanContext().spanId
    }

    @Traced()
    *broken(): Generator<number> {
      yield 1
      throw new RangeError('no more')
    }

    @Traced()
    list(): number[] {
      return [1, 2]
    }
  }

  it('are measured to their end, with the span active in every step', async () => {
    const ids: string[] = []
    for await (const id of new Pages().async()) {
      expect(trace.getActiveSpan()).toBeUndefined()
      ids.push(id)
    }
    const span = tracing.span('Pages.async')
    expect(ids).toEqual([span.spanId, span.spanId])
    expect(span.durationMs).toBeGreaterThan(15)
  })

  it('take what is sent into them, and return what they return', () => {
    const generator = new Pages().sync(2)
    expect(Object.prototype.toString.call(generator)).toBe('[object Generator]')
    generator.next('')
    expect(tracing.unended()).toEqual(['Pages.sync'])
    expect(generator.next('hello')).toEqual({ value: 'hello', done: false })
    expect(generator.next('')).toEqual({ value: 'done', done: true })
    expect(tracing.span('Pages.sync').status).toBe('UNSET')
  })

  it('end where the consumer leaves', () => {
    for (const _ of new Pages().broken()) break
    expect(tracing.unended()).toEqual([])
    expect(tracing.spans()).toHaveLength(1)
  })

  it('that throw are errors', () => {
    expect(() => [...new Pages().broken()]).toThrow('no more')
    expect(tracing.span('Pages.broken')).toMatchObject({ status: 'ERROR' })
    expect(tracing.span('Pages.broken').events).toHaveLength(1)
  })

  it('are not what a list is', () => {
    expect(new Pages().list()).toEqual([1, 2])
    expect(tracing.unended()).toEqual([])
  })
})

describe('options', () => {
  const asked: unknown[] = []
  class Payments {
    @Traced('pay', {
      kind: SpanKind.CLIENT,
      attributes: ([amount], result) => {
        asked.push(result)
        return { 'payment.amount': Number(amount) }
      },
    })
    async pay(amount: number): Promise<string> {
      if (amount < 0) throw new TypeError('negative')
      return 'paid'
    }

    @Traced('fragile', {
      attributes: () => {
        throw new Error('a broken hook')
      },
    })
    fragile(): string {
      return 'fine'
    }
  }

  it('give the span its kind and attributes, at the end and with the result', async () => {
    await new Payments().pay(3)
    await expect(new Payments().pay(-1)).rejects.toThrow('negative')
    expect(asked).toEqual(['paid', undefined])
    expect(tracing.spans()).toMatchObject([
      { name: 'pay', kind: 'CLIENT', attributes: { 'payment.amount': 3 } },
      { name: 'pay', status: 'ERROR', attributes: { 'payment.amount': -1 } },
    ])
  })

  it('cannot hurt the method', () => {
    expect(new Payments().fragile()).toBe('fine')
    expect(tracing.span('fragile').status).toBe('UNSET')
  })

  it('that cannot work are refused', () => {
    expect(() => Traced('a', { attributes: 1 as never })).toThrow(/option "attributes"/)
  })
})
