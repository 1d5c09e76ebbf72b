import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { NestFactory } from '@nestjs/core'
import type { ModuleMetadata, NestApplicationOptions } from '@nestjs/common'

/** A running Nest application on the Fastify adapter, and how to talk to it over a real socket. */
export interface RunningApp {
  readonly app: NestFastifyApplication
  readonly url: string
  close(): Promise<void>
}

export async function startApp(
  metadata: ModuleMetadata,
  options: NestApplicationOptions = {},
  prepare?: (app: NestFastifyApplication) => unknown,
): Promise<RunningApp> {
  const adapter = new FastifyAdapter()
  const app = await NestFactory.create<NestFastifyApplication>(metadata, adapter, {
    logger: false,
    abortOnError: false,
    ...options,
  })
  await prepare?.(app)
  await app.listen(0, '127.0.0.1')
  return { app, url: (await app.getUrl()).replace('[::1]', '127.0.0.1'), close: () => app.close() }
}
