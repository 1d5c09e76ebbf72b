export { traceHttpServer, untraceHttpServer } from './server/trace-http-server.ts'
export type { HttpServer } from './server/http-server.ts'
export type { HttpTracingOptions } from './server/trace-http-server.ts'
