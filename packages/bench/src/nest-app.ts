import 'reflect-metadata'
import {
  Controller,
  Get,
  Injectable,
  Param,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type DynamicModule,
} from '@nestjs/common'

// Decorators are called by hand: Node strips types, it does not know decorators.
class OpenGuard {
  canActivate(): boolean {
    return true
  }
}

class SamePipe {
  transform(value: unknown): unknown {
    return value
  }
}

class SameInterceptor {
  intercept(_execution: unknown, next: CallHandler): unknown {
    return next.handle()
  }
}

for (const type of [OpenGuard, SamePipe, SameInterceptor]) Injectable()(type)

class OrdersController {
  one(id: string): object {
    return { id }
  }
}

Controller('orders')(OrdersController)
Param('id')(OrdersController.prototype, 'one', 0)
const one = Object.getOwnPropertyDescriptor(OrdersController.prototype, 'one')!
const decorators = [
  Get(':id'),
  UseGuards(OpenGuard),
  UsePipes(SamePipe as never),
  UseInterceptors(SameInterceptor as never),
]
for (const decorate of decorators) decorate(OrdersController.prototype, 'one', one)

/** A module with one route behind a guard, a pipe and an interceptor. */
export function ordersModule(imports: unknown[]): DynamicModule {
  return { module: Object, imports: imports as never, controllers: [OrdersController] }
}
