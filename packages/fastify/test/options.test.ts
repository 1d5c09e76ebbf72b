import type { FastifyTracingOptions } from '@throughline/fastify'
import { createTestTracing } from '@throughline/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { resolveOptions, withEnvironment } from '../src/options.ts'
import { prepareTracing } from '../src/install.ts'

const tracing = createTestTracing({ global: false })
afterEach(() => vi.unstubAllEnvs())

describe('a bad option is refused, by name', () => {
  test.each<[object, string]>([
    [{ ignore: 7 }, 'option "ignore" must be a function, a glob or a list of globs, got 7'],
    [{ hookSpans: 'onSend' }, 'option "hookSpans" must be a boolean or a list of hooks'],
    [{ hookSpans: ['onResponse'] }, 'option "hookSpans" must be a boolean or a list of hooks'],
    [{ handlerSpans: 1 }, 'option "handlerSpans" must be a boolean, got 1'],
    [{ responseHeader: 'x-trace' }, `option "responseHeader" must be 'server-timing' or`],
    [{ logFields: 'pino' }, `option "logFields" must be 'otel' or 'ecs' or 'gcp' or 'datadog'`],
  ])('%j', (options, message) => {
    expect(() => prepareTracing(options as FastifyTracingOptions)).toThrow(
      `fastifyTracing: ${message}`,
    )
  })
})

test('every option has a default', () => {
  expect(resolveOptions({ tracerProvider: tracing.tracerProvider })).toEqual({
    hookSpans: new Set(),
    handlerSpans: false,
    responseHeader: undefined,
    logPreset: undefined,
  })
})

test('the environment says what to ignore where the application does not', () => {
  vi.stubEnv('OTEL_FASTIFY_IGNORE_PATHS', '/health, /assets/**')
  expect(withEnvironment({})).toEqual({ ignore: ['/health', '/assets/**'] })
  expect(withEnvironment({ ignore: '/own' })).toEqual({ ignore: '/own' })
})
