import type { ProbeName } from './probes.ts'

/** One row: what is traced, the test of ours that shows it, and what others do. */
export interface Feature {
  readonly name: string
  /** The file of the test and its title; without one, we do not do it. */
  readonly shownBy?: readonly [file: string, title: string]
  /** What tells the three packages of `PROBED` apart: a run, or what was read in their code. */
  readonly by: ProbeName | 'nest12' | readonly [otel: string, contrib: string, amplication: string]
  /** As read in their code. */
  readonly sentry: string
  readonly observe: string
}

/** Those that trace the same application in one run, and the version that they did it in. */
export const PROBED = [
  'nestjs-otel',
  '@opentelemetry/instrumentation-nestjs-core',
  '@amplication/opentelemetry-nestjs',
] as const

export const READ = ['@sentry/nestjs 10.75', '@nestjs/observe 0.3'] as const

const NONE = ['–', '–', '–'] as const

export const FEATURES: readonly Feature[] = [
  {
    name: 'works on NestJS 12',
    shownBy: ['matrix.full.test.ts', 'one order is one trace'],
    by: 'nest12',
    sentry: '–',
    observe: 'yes',
  },
  {
    name: '`forRootAsync` by factory, class and instance',
    shownBy: ['tracing.module.test.ts', 'takes its options from a class: %s'],
    by: 'configured',
    sentry: '–',
    observe: 'yes',
  },
  {
    name: 'global module, where asked for',
    shownBy: ['tracing.module.test.ts', 'takes its options from a factory, and lets others inject'],
    by: ['always', '–', 'always'],
    sentry: 'always',
    observe: 'async only',
  },
  {
    name: 'method decorator, promises measured to their end',
    shownBy: ['traced.decorator.test.ts', 'is measured until its promise settles'],
    by: 'methods',
    sentry: 'yes',
    observe: '–',
  },
  {
    name: 'method decorator, a rejected promise is an error',
    shownBy: ['traced.decorator.test.ts', 'passes on what it rejects with'],
    by: 'rejections',
    sentry: 'yes',
    observe: '–',
  },
  {
    name: 'method decorator, Observables measured to their end',
    shownBy: ['traced.decorator.test.ts', 'is measured until that ends, and again for each'],
    by: 'streams',
    sentry: '–',
    observe: '–',
  },
  {
    name: 'class decorator',
    shownBy: ['traced.decorator.test.ts', 'has a span for each method that it declares'],
    by: 'classes',
    sentry: '–',
    observe: '–',
  },
  {
    name: 'all providers without a decorator',
    by: NONE,
    sentry: '–',
    observe: 'yes',
  },
  {
    name: 'decorator of the current span',
    shownBy: ['tracing.module.test.ts', "gives the handler's own span by @CurrentSpan"],
    by: ['yes', '–', '–'],
    sentry: '–',
    observe: '–',
  },
  {
    name: 'injectable service and tracer',
    shownBy: ['trace.service.test.ts', "makes spans with the module's own provider"],
    by: ['yes', '–', 'yes'],
    sentry: '–',
    observe: 'yes',
  },
  {
    name: 'start of the application',
    by: 'start',
    sentry: 'yes',
    observe: '–',
  },
  {
    name: 'one SERVER span for every request',
    shownBy: ['http.test.ts', 'a request is one trace, layer by layer'],
    by: 'requests',
    sentry: 'yes',
    observe: 'own format',
  },
  {
    name: 'one span for every handler',
    shownBy: ['http.test.ts', 'a request is one trace, layer by layer'],
    by: 'handlers',
    sentry: 'two',
    observe: 'yes',
  },
  {
    name: "a handler's Observable measured to its end",
    shownBy: ['tracing.module.test.ts', 'measures a handler to the end of what it returns'],
    by: 'observables',
    sentry: '–',
    observe: '–',
  },
  {
    name: 'requests that a guard denied',
    shownBy: ['http.test.ts', 'a denied request has its span, and no error'],
    by: 'denied',
    sentry: 'yes',
    observe: 'yes',
  },
  {
    name: 'requests to unknown routes',
    shownBy: ['http.test.ts', 'an unknown route has its span'],
    by: 'unknown',
    sentry: 'yes',
    observe: 'yes',
  },
  {
    name: 'guards, pipes, interceptors',
    shownBy: ['http.test.ts', 'a request is one trace, layer by layer'],
    by: 'enhancers',
    sentry: 'yes',
    observe: 'yes',
  },
  {
    name: "an interceptor's work after the handler",
    shownBy: ['http.test.ts', 'a request is one trace, layer by layer'],
    by: 'after',
    sentry: 'one for all',
    observe: '–',
  },
  {
    name: 'exception filters',
    shownBy: ['http.test.ts', 'an error that a filter answers is recorded once'],
    by: 'filters',
    sentry: 'yes',
    observe: 'yes',
  },
  {
    name: 'class middleware',
    shownBy: ['http.test.ts', 'a middleware that answers itself has a span until then'],
    by: 'middleware',
    sentry: 'yes',
    observe: 'yes',
  },
  {
    name: 'every layer can be left out',
    shownBy: ['http.test.ts', 'leaves out the layers that it is told to'],
    by: ['–', '–', 'yes'],
    sentry: '–',
    observe: 'partly',
  },
  {
    name: 'requests can be ignored, with all that they do',
    shownBy: ['tracing.module.test.ts', 'makes no span for an ignored request, and none below'],
    by: NONE,
    sentry: 'yes',
    observe: 'yes',
  },
  {
    name: 'request-scoped providers',
    shownBy: ['http.test.ts', 'request-scoped providers are traced as all others'],
    by: 'scoped',
    sentry: 'yes',
    observe: 'yes',
  },
  {
    name: 'GraphQL root resolvers',
    shownBy: ['entries.test.ts', 'a root resolver has its span in the request'],
    by: ['–', '–', 'yes'],
    sentry: '–',
    observe: 'yes',
  },
  {
    name: 'WebSocket gateways',
    shownBy: ['entries.test.ts', 'every message is a trace of its own, and one span'],
    by: 'gateways',
    sentry: '–',
    observe: 'yes',
  },
  {
    name: 'requests over TCP continue the trace',
    shownBy: [
      'rpc-cases.ts',
      'a request is the child of whoever asks, and its reply resumes there',
    ],
    by: 'messages',
    sentry: '–',
    observe: 'own format',
  },
  {
    name: 'events over TCP continue the trace',
    shownBy: ['rpc-cases.ts', 'an event is sent by a PRODUCER and processed by a CONSUMER'],
    by: 'events',
    sentry: '–',
    observe: 'own format',
  },
  {
    name: 'so over Kafka, on all versions of Nest',
    shownBy: ['matrix.full.test.ts', 'over %s: one order is one trace'],
    by: NONE,
    sentry: '–',
    observe: 'own format',
  },
  {
    name: 'so over Redis, NATS, RabbitMQ and MQTT',
    shownBy: ['brokers.full.test.ts', 'describeTransport'],
    by: NONE,
    sentry: '–',
    observe: 'own format',
  },
  {
    name: 'so over gRPC',
    shownBy: ['grpc.test.ts', 'a call is the child of whoever makes it'],
    by: NONE,
    sentry: '–',
    observe: 'own format',
  },
  {
    name: 'hybrid applications, with `inheritAppConfig` and without',
    shownBy: ['entries.test.ts', 'have both kinds of handlers traced, with inheritAppConfig: %s'],
    by: ['–', 'HTTP only', 'partly'],
    sentry: 'partly',
    observe: 'yes',
  },
  {
    name: '`@Cron`, `@Interval`, `@Timeout`, each tick a trace',
    shownBy: [
      'entries.test.ts',
      'every tick is a trace of its own, also where the application was',
    ],
    by: 'ticks',
    sentry: '–',
    observe: 'yes',
  },
  {
    name: 'BullMQ processors',
    shownBy: ['bullmq.int.test.ts', 'a job has its span, and its processor one below it'],
    by: NONE,
    sentry: 'yes',
    observe: 'yes',
  },
  {
    name: '`@OnEvent` listeners',
    shownBy: ['entries.test.ts', 'a listener has its span in the work of whoever emits'],
    by: 'listeners',
    sentry: 'yes',
    observe: 'yes',
  },
  {
    name: 'CQRS handlers',
    shownBy: ['entries.test.ts', 'commands, queries and their events are one trace'],
    by: 'commands',
    sentry: '–',
    observe: 'as providers',
  },
  {
    name: '4xx `HttpException` and `RpcException` are no errors',
    shownBy: ['tracing.module.test.ts', 'does not take an HttpException below 500 for an error'],
    by: 'answers',
    sentry: 'yes',
    observe: '–',
  },
  {
    name: 'an error recorded once',
    shownBy: [
      'tracing.module.test.ts',
      'makes what a handler throws an error of handler and request',
    ],
    by: 'once',
    sentry: 'yes',
    observe: 'yes',
  },
  {
    name: "the trace's id on lines of Nest's logger",
    shownBy: ['tracing-logger.test.ts', 'ends a text line with the ids of the active span'],
    by: 'lines',
    sentry: '–',
    observe: 'yes',
  },
  {
    name: 'flush at shutdown',
    shownBy: ['tracing.module.test.ts', 'flushes the provider and leaves its shutdown to whoever'],
    by: 'flush',
    sentry: '–',
    observe: 'yes',
  },
  {
    name: '`nest add`',
    shownBy: ['nest-add.test.ts', 'adds the two documented lines to what `nest new` wrote'],
    by: 'add',
    sentry: '–',
    observe: '–',
  },
  {
    name: 'metrics by decorators',
    by: ['yes', '–', '–'],
    sentry: '–',
    observe: 'by service',
  },
  {
    name: 'wide events',
    by: ['yes', '–', '–'],
    sentry: '–',
    observe: '–',
  },
  {
    name: 'starts the SDK',
    by: ['–', '–', 'yes'],
    sentry: 'yes',
    observe: 'own agent',
  },
]
