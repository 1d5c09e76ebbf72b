import { TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, expect, test, vi } from 'vitest'
import { createExporters } from '../src/exporters.ts'

afterEach(() => vi.restoreAllMocks())

test.each([
  [undefined, ['BatchSpanProcessor']],
  ['', ['BatchSpanProcessor']],
  [' , ', ['BatchSpanProcessor']],
  ['otlp', ['BatchSpanProcessor']],
  ['console', ['SimpleSpanProcessor']],
  [' console, otlp,console', ['BatchSpanProcessor', 'SimpleSpanProcessor']],
  ['none', []],
  ['otlp,none', []],
])('OTEL_TRACES_EXPORTER=%s', async (value, processors) => {
  const env = value === undefined ? {} : { OTEL_TRACES_EXPORTER: value }
  const exporters = createExporters(undefined, env)
  expect(exporters.processors.map(({ constructor }) => constructor.name)).toEqual(processors)
  expect(exporters).toMatchObject({ problem: undefined, lost: 0 })
  await Promise.all(exporters.processors.map((processor) => processor.shutdown()))
})

test('names that are not known are left out and named at once', async () => {
  const env = { OTEL_TRACES_EXPORTER: 'zipkin,console,Otlp' }
  const { processors, problem } = createExporters(undefined, env)
  expect(processors).toHaveLength(1)
  expect(problem).toBe(
    'OTEL_TRACES_EXPORTER: "zipkin", "Otlp" is not known here and is left out; known are otlp, console, none',
  )
  await processors[0]?.shutdown()
})

test('the console is shown each span when it ends', () => {
  const show = vi.spyOn(console, 'dir').mockReturnValue()
  const { processors } = createExporters(undefined, { OTEL_TRACES_EXPORTER: 'console' })
  const provider = new TracerProvider({ spanProcessors: [...processors] })
  provider.getTracer('shop').startSpan('work').end()
  expect(show).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ name: 'work' }),
    expect.anything(),
  )
})
