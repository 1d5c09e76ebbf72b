import { traceHttpServer } from '@throughline/http'
import { instrumentationHttp, nodeHttp } from '../node-http-subject.ts'
import type { Question } from '../question.ts'
import { startOurs } from '../sdk.ts'

const sampledOut = { sampled: false }

export const question: Question = {
  title: 'A request to a node:http server, sampled out',
  unit: 'request',
  base: 'no tracing',
  peer: 'instrumentation-http',
  budgets: { '@throughline/http': 0.2, '@throughline/http with startTracing': 0.2 },
  variants: {
    'no tracing': () => nodeHttp(() => {}, sampledOut),
    '@throughline/http': () => nodeHttp(traceHttpServer, sampledOut),
    '@throughline/http with startTracing': () => nodeHttp(traceHttpServer, sampledOut, startOurs),
    'instrumentation-http': () => nodeHttp(instrumentationHttp, sampledOut),
  },
}
