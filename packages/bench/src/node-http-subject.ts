import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { underLoad } from './http-subject.ts'
import type { Subject } from './question.ts'
import { registerSdk, type SdkOptions } from './sdk.ts'

const require = createRequire(import.meta.url)

/** A node:http server that is sent requests. */
export function nodeHttp(
  setUp: (server: Server) => unknown,
  options: SdkOptions = {},
  startSdk: (options: SdkOptions) => unknown = registerSdk,
): Subject {
  startSdk(options)
  const server = createServer((request, response) => {
    request.resume()
    response.setHeader('content-type', 'application/json').end('{"ok":true}')
  })
  setUp(server)
  return underLoad(server)
}

export function instrumentationHttp(): void {
  new HttpInstrumentation().enable()
  require('node:http') // the instrumentation patches at a `require`
}
