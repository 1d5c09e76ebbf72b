import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.resetModules()
})

test.each([
  ['GET, PROPFIND', { GET: 'GET', PROPFIND: 'PROPFIND', POST: 'HTTP' }],
  ['', { GET: 'GET', QUERY: 'QUERY', PROPFIND: 'HTTP', get: 'HTTP' }],
])('with the known methods %j', async (known, names) => {
  vi.stubEnv('OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS', known)
  const { httpServerSpanName } = await import('../../src/naming/http.ts')
  for (const [method, name] of Object.entries(names)) {
    expect(httpServerSpanName(method, undefined)).toBe(name)
  }
})
