import { trace } from '@opentelemetry/api'
import { withSpan } from '@throughline/core'
import type { TestTracing } from '@throughline/testing'
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs'
import { expect, it } from 'vitest'
import type { RunningRpc } from './rpc-app.ts'

/** What holds on every transport that carries context. */
export function describeTransport(
  transport: string,
  tracing: () => TestTracing,
  running: () => RunningRpc,
): void {
  const server = 'stock.count [SERVER]'

  it('a request is the child of whoever asks, and its reply resumes there', async () => {
    const resumed = await withSpan('checkout', async (span) => {
      const count = await firstValueFrom(running().client.send('stock.count', 'pears'))
      expect(count).toBe(5)
      return trace.getActiveSpan() === span
    })
    expect(resumed).toBe(true)
    await tracing().waitForSpans(4)
    expect(tracing().tree()).toBe(
      [
        'checkout [INTERNAL]',
        '  stock.count [CLIENT]',
        `    ${server}`,
        '      StockController.count [INTERNAL]',
      ].join('\n'),
    )
    for (const kind of ['CLIENT', 'SERVER']) {
      expect(
        tracing()
          .spans()
          .find((span) => span.kind === kind)?.attributes,
      ).toEqual({
        'rpc.system.name': 'nestjs',
        'rpc.method': 'stock.count',
        'nestjs.transport': transport,
      })
    }
  })

  it('an event is sent by a PRODUCER and processed by a CONSUMER', async () => {
    await withSpan('checkout', () =>
      lastValueFrom(running().client.emit('order.placed', 'o-1'), { defaultValue: undefined }),
    )
    await tracing().waitForSpans(4)
    expect(tracing().tree()).toBe(
      [
        'checkout [INTERNAL]',
        '  send order.placed [PRODUCER]',
        '    process order.placed [CONSUMER] -> send order.placed',
        '      StockController.placed [INTERNAL]',
      ].join('\n'),
    )
    expect(tracing().span('process order.placed').attributes).toMatchObject({
      'messaging.system': transport,
      'messaging.destination.name': 'order.placed',
    })
  })

  it('a reply of many values is one request, open until the last', async () => {
    const values = await lastValueFrom(running().client.send('stock.list', '').pipe(toArray()))
    expect(values).toEqual(['a', 'b', 'c'])
    await tracing().waitForSpans(3)
    expect(tracing().unended()).toEqual([])
  })

  it('an error is recorded once, where it was thrown, and is one on both sides', async () => {
    await expect(firstValueFrom(running().client.send('stock.broken', ''))).rejects.toBeDefined()
    await tracing().waitForSpans(3)
    expect(
      tracing()
        .spans()
        .map((span) => [span.kind, span.status]),
    ).toEqual(
      expect.arrayContaining([
        ['INTERNAL', 'ERROR'],
        ['SERVER', 'ERROR'],
        ['CLIENT', 'ERROR'],
      ]),
    )
    const serverSpan = tracing()
      .spans()
      .find((span) => span.kind === 'SERVER')
    expect(serverSpan?.attributes['error.type']).toBe('TypeError')
    expect(
      tracing()
        .spans()
        .flatMap((span) => span.events),
    ).toHaveLength(1)
  })

  it('what is thrown and no Error is recorded once too', async () => {
    await expect(firstValueFrom(running().client.send('stock.text', ''))).rejects.toBeDefined()
    const spans = await tracing().waitForSpans(3)
    expect(spans.flatMap((span) => span.events)).toHaveLength(1)
    expect(tracing().span('StockController.text')).toMatchObject({ status: 'ERROR' })
  })

  it('an RpcException is an answer, no failure of the server', async () => {
    await expect(firstValueFrom(running().client.send('stock.refused', ''))).rejects.toBeDefined()
    await tracing().waitForSpans(3)
    const serverSpan = tracing()
      .spans()
      .find((span) => span.kind === 'SERVER')
    expect(serverSpan?.status).toBe('UNSET')
    expect(tracing().span('StockController.refused').status).toBe('UNSET')
  })
}
