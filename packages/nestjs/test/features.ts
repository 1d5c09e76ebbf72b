/** One row: what is traced, by whom (as read in their code, Nov 2026), and the test of ours that shows it. */
export interface Feature {
  readonly name: string
  readonly others: readonly [
    otel: string,
    contrib: string,
    amplication: string,
    sentry: string,
    observe: string,
  ]
  /** The file of the test and its title. */
  readonly shownBy: readonly [file: string, title: string]
}

export const PACKAGES = [
  'nestjs-otel 8.1',
  'instrumentation-nestjs-core 0.71',
  '@amplication/opentelemetry-nestjs 6.0',
  '@sentry/nestjs 10.75',
  '@nestjs/observe 0.3',
] as const

const NONE = ['–', '–', '–', '–', '–'] as const

export const FEATURES: readonly Feature[] = [
  {
    name: 'works on NestJS 12',
    others: ['yes', '–', '–', '–', 'yes'],
    shownBy: ['matrix.full.test.ts', 'one order is one trace'],
  },
  {
    name: '`forRootAsync` by factory, class and instance',
    others: ['yes', '–', 'factory', '–', 'yes'],
    shownBy: ['tracing.module.test.ts', 'takes its options from a class'],
  },
  {
    name: 'method and class decorator',
    others: ['yes', '–', 'partly', 'yes', '–'],
    shownBy: [
      'traced.decorator.test.ts',
      'are measured to their end, with the span active in every step',
    ],
  },
  {
    name: 'Observables measured to their end',
    others: ['–', '–', 'yes', '–', '–'],
    shownBy: ['tracing.module.test.ts', 'measures a handler to the end of what it returns'],
  },
  {
    name: 'injectable service and tracer',
    others: ['yes', '–', 'yes', '–', 'yes'],
    shownBy: [
      'trace.service.test.ts',
      "makes spans with the module's own provider, nested and ended",
    ],
  },
  {
    name: 'one SERVER span for every request',
    others: ['–', '–', 'nested', 'yes', 'own format'],
    shownBy: ['http.test.ts', 'a request is one trace, layer by layer'],
  },
  {
    name: 'requests that a guard denied, and unknown routes',
    others: ['–', '–', '–', 'yes', 'yes'],
    shownBy: ['http.test.ts', 'a denied request has its span, and no error'],
  },
  {
    name: 'guards, pipes, interceptors',
    others: ['–', '–', 'twice for shared ones', 'yes', 'yes'],
    shownBy: ['http.test.ts', 'a request is one trace, layer by layer'],
  },
  {
    name: "an interceptor's work after the handler",
    others: ['–', '–', '–', 'one for all', '–'],
    shownBy: ['http.test.ts', 'a request is one trace, layer by layer'],
  },
  {
    name: 'exception filters',
    others: ['–', '–', '–', 'yes', 'yes'],
    shownBy: [
      'http.test.ts',
      'an error that a filter answers is recorded once, and the request is none',
    ],
  },
  {
    name: 'class middleware',
    others: ['–', '–', '–', 'yes', 'yes'],
    shownBy: ['http.test.ts', 'a middleware that answers itself has a span until then'],
  },
  {
    name: 'every layer can be left out',
    others: ['–', '–', 'yes', '–', 'partly'],
    shownBy: ['http.test.ts', 'leaves out the layers that it is told to'],
  },
  {
    name: 'GraphQL root resolvers',
    others: ['–', '–', 'yes', '–', 'yes'],
    shownBy: ['entries.test.ts', 'a root resolver has its span in the request'],
  },
  {
    name: 'WebSocket gateways',
    others: ['–', '–', '–', '–', 'yes'],
    shownBy: ['entries.test.ts', 'every message is a trace of its own, and one span'],
  },
  {
    name: 'context over TCP, Redis, NATS, RabbitMQ and MQTT',
    others: ['–', '–', '–', '–', 'own format'],
    shownBy: [
      'rpc-cases.ts',
      'a request is the child of whoever asks, and its reply resumes there',
    ],
  },
  {
    name: 'context over gRPC',
    others: ['–', '–', '–', '–', 'own format'],
    shownBy: ['grpc.test.ts', 'a call is the child of whoever makes it'],
  },
  {
    name: 'hybrid applications, with `inheritAppConfig` and without',
    others: ['–', 'HTTP only', 'partly', 'partly', 'yes'],
    shownBy: ['entries.test.ts', 'have both kinds of handlers traced, with inheritAppConfig: %s'],
  },
  {
    name: '`@Cron`, `@Interval`, `@Timeout`, each tick a trace',
    others: ['–', '–', 'yes', '–', 'yes'],
    shownBy: [
      'entries.test.ts',
      'every tick is a trace of its own, also where the application was started inside one',
    ],
  },
  {
    name: 'BullMQ processors',
    others: ['–', '–', '–', 'yes', 'yes'],
    shownBy: ['bullmq.int.test.ts', 'a job has its span, and its processor one below it'],
  },
  {
    name: '`@OnEvent` listeners',
    others: ['–', '–', 'yes', 'yes', 'yes'],
    shownBy: ['entries.test.ts', 'a listener has its span in the work of whoever emits'],
  },
  {
    name: 'CQRS handlers',
    others: ['–', '–', '–', '–', 'as providers'],
    shownBy: ['entries.test.ts', 'commands, queries and their events are one trace'],
  },
  {
    name: '4xx `HttpException` and `RpcException` are no errors',
    others: ['–', '–', '–', 'yes', '–'],
    shownBy: ['tracing.module.test.ts', 'does not take an HttpException below 500 for an error'],
  },
  {
    name: 'an error recorded once',
    others: ['–', '–', '–', 'yes', 'yes'],
    shownBy: [
      'tracing.module.test.ts',
      'makes what a handler throws an error of handler and request, recorded once',
    ],
  },
  {
    name: 'flush at shutdown',
    others: ['–', '–', '–', '–', 'yes'],
    shownBy: [
      'tracing.module.test.ts',
      'flushes the provider and leaves its shutdown to whoever started it',
    ],
  },
  {
    name: '`nest add`',
    others: NONE,
    shownBy: ['nest-add.test.ts', 'adds the two documented lines to what `nest new` wrote'],
  },
]
