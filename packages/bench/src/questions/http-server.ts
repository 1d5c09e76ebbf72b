import type { Server } from 'node:http'
import { ROOT_CONTEXT, SpanKind, context, propagation, trace } from '@opentelemetry/api'
import { traceHttpServer } from '@throughline/http'
import { instrumentationHttp, nodeHttp } from '../node-http-subject.ts'
import type { Question } from '../question.ts'

/** What any tracing of a request needs: the parent, a span with its attributes, the context, an end. */
function bareSpan(server: Server): void {
  const tracer = trace.getTracer('bench')
  const [listener] = server.listeners('request') as ((...args: unknown[]) => void)[]
  server.removeAllListeners('request')
  server.on('request', (request, response) => {
    const parent = propagation.extract(ROOT_CONTEXT, request.headers)
    const attributes = {
      'http.request.method': 'GET',
      'url.path': '/orders/42',
      'url.query': 'coupon=x',
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'server.port': 80,
      'client.address': '127.0.0.1',
      'network.peer.address': '127.0.0.1',
      'network.peer.port': 1234,
      'network.protocol.version': '1.1',
      'user_agent.original': 'bench',
    }
    const span = tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes }, parent)
    response.once('close', () => {
      span.setAttribute('http.response.status_code', response.statusCode)
      span.end()
    })
    context.with(trace.setSpan(parent, span), listener!, undefined, request, response)
  })
}

export const question: Question = {
  title: 'A request to a node:http server, traced',
  unit: 'request',
  base: 'no tracing',
  peer: 'instrumentation-http',
  budgets: { '@throughline/http': 0.4 },
  variants: {
    'no tracing': () => nodeHttp(() => {}),
    'a bare SDK span': () => nodeHttp(bareSpan),
    '@throughline/http': () => nodeHttp(traceHttpServer),
    'instrumentation-http': () => nodeHttp(instrumentationHttp),
  },
}
