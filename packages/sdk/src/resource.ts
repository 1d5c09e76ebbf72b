import {
  defaultResource,
  detectResources,
  envDetector,
  hostDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
  type Resource,
} from '@opentelemetry/resources'
import { packageName } from './service-name.ts'

/**
 * What the spans of this process have in common: service, host, process id and runtime. The command line is left out: it
 * may hold secrets.
 */
export function createResource(serviceName: string | undefined): Resource {
  const fallback = packageName()
  return defaultResource()
    .merge(resourceFromAttributes(fallback ? { 'service.name': fallback } : {}))
    .merge(
      resourceFromAttributes({
        'process.pid': process.pid,
        'process.runtime.name': 'nodejs',
        'process.runtime.version': process.versions.node,
      }),
    )
    .merge(detectResources({ detectors: [serviceInstanceIdDetector, hostDetector, envDetector] }))
    .merge(resourceFromAttributes(serviceName ? { 'service.name': serviceName } : {}))
}
