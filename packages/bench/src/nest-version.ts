import { createRequire, registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { npmProject } from '@throughline/test-services'

/** What packages that trace Nest 11 and 12 are installed beside it. */
export type NestMajor = '11' | '12'

const AMPLICATION = {
  '@amplication/opentelemetry-nestjs': '6.0.0',
  '@nestjs/event-emitter': '^3.0.0',
  // Those after it export no `dist/graphql.constants`, which it loads.
  '@nestjs/graphql': '13.2.5',
  '@nestjs/schedule': '^6.0.0',
  '@opentelemetry/auto-instrumentations-node': '0.81.2',
  '@opentelemetry/context-async-hooks': '2.12.0',
  '@opentelemetry/exporter-metrics-otlp-grpc': '0.223.0',
  '@opentelemetry/exporter-metrics-otlp-proto': '0.223.0',
  '@opentelemetry/exporter-trace-otlp-grpc': '0.223.1',
  '@opentelemetry/exporter-trace-otlp-http': '0.223.1',
  '@opentelemetry/exporter-trace-otlp-proto': '0.223.1',
  '@opentelemetry/propagator-b3': '2.12.0',
  '@opentelemetry/propagator-jaeger': '2.12.0',
  '@opentelemetry/resource-detector-container': '0.8.14',
  '@opentelemetry/sdk-node': '0.223.0',
  '@opentelemetry/sdk-trace-base': '2.12.0',
}
const CONTRIB = {
  '@opentelemetry/instrumentation': '0.300.0',
  '@opentelemetry/instrumentation-nestjs-core': '0.71.0',
}

function dependencies(major: NestMajor): Record<string, string> {
  const names = ['common', 'core', 'microservices', 'platform-express', 'platform-fastify']
  const range = major === '11' ? '^11.2.0' : '^12.0.0'
  return {
    ...Object.fromEntries(names.map((name) => [`@nestjs/${name}`, range])),
    ...AMPLICATION,
    ...CONTRIB,
    '@opentelemetry/api': '1.10.0',
    'reflect-metadata': '^0.2.0',
    rxjs: '^7.8.0',
  }
}

/**
 * Loads Nest, whoever asks for it from now on, in this major, and beside it the packages that trace it. npm is told to
 * install them all the same where they say that they do not go together. The api stays the one of the workspace, so that
 * all speak to one SDK. Answers the `require` of what is installed.
 */
export async function useNest(major: NestMajor): Promise<NodeJS.Require> {
  const folder = await npmProject(dependencies(major), { legacyPeerDeps: true })
  const theirs = pathToFileURL(join(folder, 'package.json')).href
  const ours = import.meta.url
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === '@opentelemetry/api')
        return next(specifier, { ...context, parentURL: ours })
      const isNest = /^(@nestjs\/|rxjs|reflect-metadata)/.test(specifier)
      return next(specifier, isNest ? { ...context, parentURL: theirs } : context)
    },
  })
  return createRequire(theirs)
}
