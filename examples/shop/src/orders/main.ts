import 'reflect-metadata'
import { Logger, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ClientsModule } from '@nestjs/microservices'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { tracePg } from '@throughline/clients'
import { TracingLogger, TracingModule, tracingInstrument } from '@throughline/nestjs'
import { TracingClientKafka } from '@throughline/nestjs/kafka'
import pg from 'pg'
import { settings } from '../settings.ts'
import { OrdersController } from './orders.controller.ts'
import { PaymentService } from './payment.service.ts'

const database = tracePg(new pg.Pool({ connectionString: settings.databaseUrl }))
const kafka = {
  name: 'KAFKA',
  customClass: TracingClientKafka,
  options: { client: { clientId: 'orders', brokers: settings.brokers }, producerOnlyMode: true },
}

@Module({
  imports: [TracingModule.forRoot(), ClientsModule.register([kafka])],
  controllers: [OrdersController],
  providers: [PaymentService, { provide: 'DATABASE', useValue: database }],
})
class OrdersModule {}

await database.query(
  'CREATE TABLE IF NOT EXISTS orders (id uuid PRIMARY KEY, sku text, amount int)',
)
const app = await NestFactory.create(OrdersModule, new FastifyAdapter(), {
  logger: new TracingLogger({ json: true }),
  instrument: tracingInstrument(),
})
app.enableShutdownHooks()
await app.listen(settings.ordersPort, '127.0.0.1')
new Logger('orders').log('ready')
