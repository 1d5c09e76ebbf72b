import { randomUUID } from 'node:crypto'
import { Body, Controller, Inject, Logger, Post } from '@nestjs/common'
import { ClientKafka } from '@nestjs/microservices'
import pg from 'pg'
import { lastValueFrom } from 'rxjs'
import type { Order } from '../settings.ts'
import { PaymentService } from './payment.service.ts'

@Controller('orders')
export class OrdersController {
  readonly #log = new Logger('orders')

  constructor(
    @Inject('KAFKA') private readonly kafka: ClientKafka,
    @Inject('DATABASE') private readonly database: pg.Pool,
    @Inject(PaymentService) private readonly payment: PaymentService,
  ) {}

  @Post()
  async place(@Body() wanted: Omit<Order, 'id'>): Promise<Order> {
    const order: Order = { ...wanted, id: randomUUID() }
    await this.payment.charge(order)
    await this.database.query('INSERT INTO orders (id, sku, amount) VALUES ($1, $2, $3)', [
      order.id,
      order.sku,
      order.amount,
    ])
    await lastValueFrom(this.kafka.emit('order.placed', { key: order.id, value: order }))
    await lastValueFrom(this.kafka.emit('stock.reserved', { key: order.sku, value: order }))
    this.#log.log(`order ${order.id} placed`)
    return order
  }
}
