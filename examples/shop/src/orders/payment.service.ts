import { setTimeout as wait } from 'node:timers/promises'
import { HttpException, Injectable } from '@nestjs/common'
import { Traced } from '@throughline/nestjs'
import type { Order } from '../settings.ts'

const LIMIT = 1000

@Injectable()
export class PaymentService {
  /** Declines what is above the limit. A grand piano is checked by a person, which takes a while. */
  @Traced()
  async charge(order: Order): Promise<void> {
    if (order.sku === 'grand-piano') await wait(1200)
    if (order.amount > LIMIT) throw new HttpException('payment declined', 402)
  }
}
