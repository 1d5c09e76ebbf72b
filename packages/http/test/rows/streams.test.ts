import { Readable, pipeline } from 'node:stream'
import { withSpan } from '@throughline/core'
import { describe, expect, test } from 'vitest'
import { get } from '../servers.ts'
import { SERVERS, deferred, useTracing } from '../serving.ts'

const { tracing, serve } = useTracing()

describe.each(SERVERS)('Streams · %s', (_name, build) => {
  test('a streamed answer is measured to its end, and its parts are made inside the span', async () => {
    const go = deferred()
    async function* parts() {
      yield 'first'
      await go.promise
      withSpan('second part', () => {})
      yield 'second'
    }
    const url = await serve(
      build((_request, response) => {
        pipeline(Readable.from(parts()), response, () => {})
      }),
    )
    const response = await fetch(url)
    expect(tracing.spans()).toEqual([])
    go.resolve()
    expect(await response.text()).toBe('firstsecond')
    await tracing.waitForSpans(2)
    expect(tracing.tree()).toBe('GET [SERVER]\n  second part [INTERNAL]')
  })

  test('a stream that fails breaks the answer off: an error with the status that was sent', async () => {
    async function* parts() {
      yield await Promise.resolve('first')
      throw new RangeError('no more')
    }
    const url = await serve(
      build((_request, response) => {
        pipeline(Readable.from(parts()), response, () => {})
      }),
    )
    await get(url).catch(() => {})
    const [span] = await tracing.waitForSpans(1)
    expect(span).toMatchObject({ status: 'ERROR' })
    expect(span?.attributes).toMatchObject({
      'error.type': 'RangeError',
      'http.response.status_code': 200,
    })
    expect(span?.events).toMatchObject([{ attributes: { 'exception.message': 'no more' } }])
  })

  test('server-sent events last until the client leaves', async () => {
    const url = await serve(
      build((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write('data: 1\n\n')
      }),
    )
    const leaving = new AbortController()
    const response = await fetch(url, { signal: leaving.signal })
    await response.body!.getReader().read()
    expect(tracing.spans()).toEqual([])
    leaving.abort()
    const [span] = await tracing.waitForSpans(1)
    expect(span?.attributes).toMatchObject({
      'error.type': 'client_disconnected',
      'http.response.status_code': 200,
    })
  })
})
