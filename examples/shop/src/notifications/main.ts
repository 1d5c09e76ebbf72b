import 'reflect-metadata'
import { Controller, Logger, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { EventPattern, Payload } from '@nestjs/microservices'
import { TracingLogger, TracingModule } from '@throughline/nestjs'
import { TracingServerKafka } from '@throughline/nestjs/kafka'
import { settings, type Order } from '../settings.ts'

@Controller()
class NotificationsController {
  readonly #log = new Logger('notifications')

  @EventPattern('order.shipped')
  onShipped(@Payload() order: Order): void {
    this.#log.log(`the customer of order ${order.id} was told`)
  }
}

@Module({ imports: [TracingModule.forRoot()], controllers: [NotificationsController] })
class NotificationsModule {}

const app = await NestFactory.createMicroservice(NotificationsModule, {
  logger: new TracingLogger({ json: true }),
  strategy: new TracingServerKafka({
    client: { clientId: 'notifications', brokers: settings.brokers },
    consumer: { groupId: 'notifications', maxWaitTimeInMs: 100 },
    subscribe: { fromBeginning: true },
  }),
})
app.enableShutdownHooks()
await app.listen()
new Logger('notifications').log('ready')
