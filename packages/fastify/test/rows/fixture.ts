import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fastifyTracing, type FastifyTracingOptions } from '@throughline/fastify'
import { createTestTracing, type TestSpan, type TestTracing } from '@throughline/testing'
import Fastify5, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import Fastify4 from 'fastify-4'
import Fastify6 from 'fastify-6'
import { afterAll, afterEach, describe, expect, test } from 'vitest'

export type Factory = (options?: FastifyServerOptions) => FastifyInstance

const VERSIONS = [
  [4, Fastify4 as unknown as Factory],
  [5, Fastify5 as unknown as Factory],
  [6, Fastify6 as unknown as Factory],
] as const

/** What a row is written with: an application on a real socket, and what was traced of it. */
export interface Trial {
  readonly tracing: TestTracing
  readonly Fastify: Factory
  /** Listens on a free port and answers its URL; `tracing` are the options of the plugin, `false` leaves it out. */
  readonly serve: (
    build: (app: FastifyInstance) => unknown,
    options?: ServeOptions,
  ) => Promise<string>
  readonly app: () => FastifyInstance
  /** The one SERVER span, when it has ended. */
  readonly server: () => Promise<TestSpan>
}

export interface ServeOptions extends FastifyServerOptions {
  readonly tracing?: FastifyTracingOptions | false
}

/**
 * One row of docs/reference/http.md: a request, and what its span says. `since` is the first version of Fastify that can
 * do it.
 */
export type Row = (
  request: string,
  says: string,
  body: (trial: Trial) => Promise<unknown>,
  since?: number,
) => void

// One for all groups of a file: of two that are global the later one would be in charge.
const tracing = createTestTracing()
let app: FastifyInstance | undefined
afterAll(() => tracing.shutdown())

/** A group of rows, run with every supported version of Fastify. */
export function rows(group: string, define: (row: Row) => void): void {
  afterEach(async () => {
    app?.server.closeAllConnections?.()
    await app?.close()
    app = undefined
    expect(tracing.unended()).toEqual([])
    expect(tracing.endedTwice()).toEqual([])
    tracing.reset()
  })
  describe.each(VERSIONS)(`${group}, Fastify %i:`, (version, Fastify) => {
    define((request, says, body, since = 4) => {
      if (version < since) return
      test(`${request}: ${says}`, () => body(trial(Fastify)), 15_000)
    })
  })

  function trial(Fastify: Factory): Trial {
    return {
      tracing,
      Fastify,
      app: () => app!,
      server: () => tracing.waitFor((spans) => spans.find((span) => span.kind === 'SERVER')),
      async serve(build, { tracing: options = {}, ...rest } = {}) {
        app = Fastify({ forceCloseConnections: true, ...rest })
        if (options !== false) app.register(fastifyTracing, options)
        void build(app)
        return app.listen({ port: 0, host: '127.0.0.1' })
      },
    }
  }
}

/** What a row's span says, as one line: `GET /orders/:id 500 ERROR TypeError`. */
export function said({ name, status, attributes }: TestSpan): string {
  const word = (key: string): string => (attributes[key] as string | undefined) ?? ''
  const code = word('http.response.status_code') || '-'
  return `${name} ${code} ${status} ${word('error.type')}`.trim()
}

/** Sends a request and reads its answer to the end. */
export async function call(url: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init)
  await response.text()
  return response
}

export async function post(url: string, body: string, headers = {}): Promise<Response> {
  return call(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  })
}

/** A bare connection, for what no HTTP client would send. */
export async function dial(url: string, text: string): Promise<Socket> {
  const { port, hostname } = new URL(url)
  const socket = connect(Number(port), hostname).on('error', () => {})
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

/** Sends bytes and reads all that is answered until the server closes. */
export async function send(url: string, text: string): Promise<string> {
  const socket = await dial(url, text)
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk))
  await once(socket, 'close')
  return answer
}

/** A promise with its resolver, for handlers that tell when they were reached. */
export function signal(): {
  readonly reached: Promise<void>
  readonly reach: () => void
} {
  let reach = (): void => {}
  const reached = new Promise<void>((resolve) => (reach = resolve))
  return { reached, reach: () => reach() }
}
