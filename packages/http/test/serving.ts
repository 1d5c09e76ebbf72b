import { createServer, type RequestListener, type Server } from 'node:http'
import {
  expressErrors,
  expressTracing,
  traceHttpServer,
  type HttpTracingOptions,
} from '@throughline/http'
import { createTestTracing, type TestTracing } from '@throughline/testing'
import { afterAll, afterEach, expect } from 'vitest'
import { VERSIONS } from './express-versions.ts'
import { listen, stop } from './servers.ts'

type Build = (handler: RequestListener, options?: HttpTracingOptions) => Server

/** The same handler on each kind of server. */
export const SERVERS: readonly (readonly [name: string, build: Build])[] = [
  ['node:http', (handler, options) => traceHttpServer(createServer(handler), options)],
  ...VERSIONS.map(([version, express]): readonly [string, Build] => [
    `Express ${version}`,
    (handler, options) => {
      const app = express()
      app.set('env', 'test') // it prints errors otherwise
      app.use(expressTracing(options))
      app.use(handler)
      app.use(expressErrors())
      return createServer(app)
    },
  ]),
]

/** Tracing and a place for a server, for the tests of a file; after each test no span may be open, or ended twice. */
export function useTracing(): {
  readonly tracing: TestTracing
  readonly serve: (server: Server) => Promise<string>
} {
  const tracing = createTestTracing()
  let serving: Server | undefined
  afterEach(async () => {
    await stop(serving)
    expect(tracing.unended()).toEqual([])
    expect(tracing.endedTwice()).toEqual([])
    tracing.reset()
  })
  afterAll(() => tracing.shutdown())
  return {
    tracing,
    serve(server) {
      serving = server
      return listen(server)
    },
  }
}

/** A promise with what fulfils it. */
export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((fulfil) => (resolve = fulfil))
  return { promise, resolve }
}
