import type { Attributes, Histogram, Meter } from '@opentelemetry/api'
import { ATTR } from '../attributes.ts'
import { DURATION_BUCKETS, type MeterSource } from '../meter-source.ts'
import { SeriesCache } from '../series.ts'
import type { Measurement, Operation } from '../span/operation.ts'

/** What makes the series of a request. */
export interface ServerSeries {
  readonly method: string
  readonly scheme: string
  readonly version: string
  readonly route: string | undefined
  readonly status: number | undefined
}

/** Measures a request from now to its end: `http.server.request.duration`. HTTP semantic conventions 1.44. */
export function measureServerRequest(
  source: MeterSource,
  operation: Operation,
  request: { readonly series: ServerSeries },
): void {
  const duration = source.get(createDuration)
  if (duration) operation.measure(new ServerMeasurement(duration, request))
}

class ServerMeasurement implements Measurement {
  readonly #duration: Histogram
  readonly #request: { readonly series: ServerSeries }
  readonly #startedAt = performance.now()

  constructor(duration: Histogram, request: { readonly series: ServerSeries }) {
    this.#duration = duration
    this.#request = request
  }

  end({ errorType, context }: Operation): void {
    const seconds = (performance.now() - this.#startedAt) / 1000
    // In the span's context, so that an exemplar can point to it.
    this.#duration.record(seconds, attributesOf(this.#request.series, errorType), context)
  }
}

const cache = new SeriesCache()

function attributesOf(series: ServerSeries, errorType: string | undefined): Attributes {
  const { method, scheme, version, route, status } = series
  const key = `${method} ${scheme} ${version} ${status} ${errorType} ${route}`
  const known = cache.get(key)
  if (known) return known
  const attributes: Attributes = {
    [ATTR.httpMethod]: method,
    [ATTR.urlScheme]: scheme,
    [ATTR.networkProtocolVersion]: version,
  }
  if (route !== undefined) attributes[ATTR.httpRoute] = route
  if (status !== undefined) attributes[ATTR.httpStatus] = status
  if (errorType !== undefined) attributes[ATTR.errorType] = errorType
  return cache.set(key, attributes)
}

function createDuration(meter: Meter): Histogram {
  return meter.createHistogram('http.server.request.duration', {
    unit: 's',
    description: 'Duration of HTTP server requests.',
    advice: { explicitBucketBoundaries: DURATION_BUCKETS },
  })
}
