import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { guard } from '@throughline/core/integration'
import type { FastifyInstance } from 'fastify'
import { prepareTracing } from './install.ts'
import type { FastifyTracingOptions } from './options.ts'

const CHANNEL = 'fastify.initialization'

/**
 * Traces every Fastify application that is created from now on, without a word in the application itself: Fastify
 * announces each on a diagnostics channel. Returns how to stop; applications that were created before keep their tracing.
 *
 * @example
 * ```ts
 * traceFastify({ ignore: '/health' })
 * ```
 * @throws InvalidOptionError for an option that cannot work
 */
export function traceFastify(options: FastifyTracingOptions = {}): () => void {
  const install = prepareTracing(options)
  const onApplication = (message: unknown): void => {
    const { fastify } = message as { fastify: FastifyInstance }
    guard('Tracing a Fastify application', install, fastify)
  }
  subscribe(CHANNEL, onApplication)
  return () => {
    unsubscribe(CHANNEL, onApplication)
  }
}
