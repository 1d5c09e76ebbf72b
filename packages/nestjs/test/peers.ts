import type { Found } from './probes.ts'
import type { Projects } from './project.ts'
import { freePort } from './rpc-app.ts'

const LINE_2 = {
  '@opentelemetry/api': '1.9.0',
  '@opentelemetry/context-async-hooks': '^2.0.0',
  '@opentelemetry/core': '^2.0.0',
  '@opentelemetry/sdk-trace-base': '^2.0.0',
}
const LINE_3 = {
  '@opentelemetry/api': '1.10.0',
  '@opentelemetry/context-async-hooks': '3.1.0',
  '@opentelemetry/core': '3.1.0',
  '@opentelemetry/sdk-trace': '3.1.0',
}
const EVERYWHERE = { 'reflect-metadata': '^0.2.0', rxjs: '^7.8.0', ws: '^8.0.0' }
const NEST_11 = {
  ...EVERYWHERE,
  '@nestjs/common': '^11.2.0',
  '@nestjs/core': '^11.2.0',
  '@nestjs/cqrs': '^11.0.0',
  '@nestjs/event-emitter': '^3.0.0',
  '@nestjs/microservices': '^11.2.0',
  '@nestjs/platform-fastify': '^11.2.0',
  '@nestjs/platform-ws': '^11.0.0',
  '@nestjs/schedule': '^6.0.0',
  '@nestjs/websockets': '^11.0.0',
}
const NEST_12 = {
  ...Object.fromEntries(Object.keys(NEST_11).map((name) => [name, '^12.0.0'])),
  ...EVERYWHERE,
}

/** Who traces the same application, each with the line of the SDK and the companions that it asks for. */
export const PEERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '@throughline/nestjs': LINE_2,
  'nestjs-otel': { ...LINE_2, 'nestjs-otel': '8.1.1' },
  '@opentelemetry/instrumentation-nestjs-core': {
    ...LINE_3,
    '@opentelemetry/instrumentation': '0.300.0',
    '@opentelemetry/instrumentation-nestjs-core': '0.71.0',
  },
  '@amplication/opentelemetry-nestjs': {
    ...LINE_2,
    '@amplication/opentelemetry-nestjs': '6.0.0',
    // Those after it export no `dist/graphql.constants`, which it loads.
    '@nestjs/graphql': '13.2.5',
    // The last ones of line 2 of what it asks for; npm takes the newest, which do not go together.
    '@opentelemetry/auto-instrumentations-node': '0.81.2',
    '@opentelemetry/exporter-metrics-otlp-grpc': '0.223.0',
    '@opentelemetry/exporter-metrics-otlp-proto': '0.223.0',
    '@opentelemetry/exporter-trace-otlp-grpc': '0.223.1',
    '@opentelemetry/exporter-trace-otlp-http': '0.223.1',
    '@opentelemetry/exporter-trace-otlp-proto': '0.223.1',
    '@opentelemetry/sdk-node': '0.223.0',
  },
}

/** What a package made of the application on Nest 11. */
export function findingsOf(peer: string, projects: Projects): Promise<Found> {
  return run(peer, NEST_11, projects, `${slug(peer)}-11`)
}

/** The same on Nest 12; `undefined` where it cannot be installed or started there. */
export function findingsOn12(peer: string, projects: Projects): Promise<Found | undefined> {
  return run(peer, NEST_12, projects, `${slug(peer)}-12`).catch(() => undefined)
}

async function run(
  peer: string,
  nest: Readonly<Record<string, string>>,
  projects: Projects,
  name: string,
): Promise<Found> {
  const project = await projects.create(name, { ...nest, ...PEERS[peer] })
  const answered = await project.answer<Omit<Found, 'manifest'>>('peer-app.cjs', {
    tracer: peer,
    port: await freePort(),
  })
  return { ...answered, manifest: await project.manifestOf(peer) }
}

function slug(peer: string): string {
  return peer.replaceAll(/\W+/g, '-')
}
