import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
} from '@opentelemetry/sdk-metrics'
import { PeriodicExportingMetricReader, type Histogram } from '@opentelemetry/sdk-metrics'
import { expect, test } from 'vitest'
import { get } from './servers.ts'
import { SERVERS, useTracing } from './serving.ts'

const { tracing, serve } = useTracing()

test.each(SERVERS)(
  '%s: the duration of each request is recorded where it is asked for',
  async (_, build) => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter })
    const metrics = new MeterProvider({ readers: [reader] })
    const url = await serve(
      build((_request, response) => response.writeHead(503).end(), { metrics }),
    )
    await get(url)
    const [span] = await tracing.waitForSpans(1)
    await metrics.forceFlush()
    const [scope] = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics)
    expect(scope?.scope.name).toBe('@throughline/http')
    expect(scope?.metrics[0]?.descriptor.name).toBe('http.server.request.duration')
    const [point] = scope!.metrics[0]!.dataPoints
    expect(point!.attributes).toMatchObject({
      'http.request.method': 'GET',
      'http.response.status_code': 503,
      'error.type': '503',
      'url.scheme': 'http',
    })
    expect((point!.value as Histogram).count).toBe(1)
    expect(span?.attributes['error.type']).toBe('503')
    await metrics.shutdown()
  },
)
