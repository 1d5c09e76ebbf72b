import { isIdle, resolveTracing } from '@throughline/core/integration'
import { startTracing } from '@throughline/sdk'
import { expect, test, vi } from 'vitest'

test('while the SDK is disabled by its variable, integrations can tell that nothing comes of tracing', async () => {
  vi.stubEnv('OTEL_SDK_DISABLED', 'true')
  const tracing = startTracing({ signals: false })
  expect(isIdle(resolveTracing({ name: 'test', version: '1.0.0' }, 'test', {}))).toBe(true)
  await tracing.shutdown()
})
