import { expect, test } from 'vitest'
import * as exported from '@throughline/fastify'

test('the plugin is exported by its name and as the default, as Fastify plugins are', () => {
  expect(Object.keys(exported).toSorted()).toEqual([
    'default',
    'fastifyTracing',
    'traceFastify',
    'traceRequestId',
  ])
  expect(exported.default).toBe(exported.fastifyTracing)
})
