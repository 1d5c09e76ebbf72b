export { fastifyTracing, fastifyTracing as default } from './fastify-tracing.ts'
export type { FastifyTracingOptions } from './fastify-tracing.ts'
