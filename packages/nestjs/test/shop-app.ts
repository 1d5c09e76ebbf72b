import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core'
import type { INestApplication, ModuleMetadata, NestApplicationOptions } from '@nestjs/common'

/** A running Nest application, and how to talk to it over a real socket. */
export interface RunningApp {
  readonly app: INestApplication
  readonly url: string
  close(): Promise<void>
}

/** The adapters of Nest; those before 11.1.4 have no request hook. */
export const ADAPTERS: Readonly<Record<string, () => AbstractHttpAdapter>> = {
  Fastify: () => new FastifyAdapter(),
  Express: () => new ExpressAdapter(),
  'an older Express': () => withoutHook(new ExpressAdapter()),
}

export async function startApp(
  metadata: ModuleMetadata,
  options: NestApplicationOptions = {},
  prepare?: (app: INestApplication) => unknown,
  adapter: AbstractHttpAdapter = new FastifyAdapter(),
): Promise<RunningApp> {
  const app = await NestFactory.create(metadata, adapter, {
    logger: false,
    abortOnError: false,
    ...options,
  })
  await prepare?.(app)
  await app.listen(0, '127.0.0.1')
  return { app, url: (await app.getUrl()).replace('[::1]', '127.0.0.1'), close: () => app.close() }
}

/** An adapter as it was before 11.1.4. */
export function withoutHook(adapter: AbstractHttpAdapter): AbstractHttpAdapter {
  return Object.assign(adapter, { setOnRequestHook: undefined })
}
