import type { Attributes } from '@opentelemetry/api'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'

/** One series of a metric, as it is collected. */
export interface Point {
  readonly attributes: Attributes
  readonly value: unknown
  readonly unit: string
  readonly scope: string
}

class PullReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve()
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve()
  }
}

/** A meter provider of the SDK whose metrics are collected on demand. */
export interface TestMetrics {
  readonly provider: MeterProvider
  /** All series of a metric; none where it was never recorded. */
  readonly points: (name: string) => Promise<Point[]>
  readonly names: () => Promise<string[]>
}

export function createTestMetrics(): TestMetrics {
  const reader = new PullReader()
  const provider = new MeterProvider({ readers: [reader] })
  const collect = async () => {
    const { resourceMetrics } = await reader.collect()
    return resourceMetrics.scopeMetrics.flatMap(({ scope, metrics }) =>
      metrics.map((metric) => ({ ...metric, scope: scope.name })),
    )
  }
  return {
    provider,
    names: async () => (await collect()).map(({ descriptor }) => descriptor.name),
    points: async (name) =>
      (await collect())
        .filter(({ descriptor }) => descriptor.name === name)
        .flatMap(({ descriptor, dataPoints, scope }) =>
          dataPoints.map(({ attributes, value }) => ({
            attributes,
            value,
            unit: descriptor.unit,
            scope,
          })),
        ),
  }
}
