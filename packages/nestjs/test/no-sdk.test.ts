import { Controller, Get, type CallHandler, type ExecutionContext } from '@nestjs/common'
import type { Span } from '@opentelemetry/api'
import { timer, type Observable } from 'rxjs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CurrentSpan, Traced, TracingModule, tracingInstrument } from '../src/index.ts'
import { startApp, type RunningApp } from './shop-app.ts'

class Pass {
  intercept(_execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle()
  }
}

@Controller('orders')
class OrdersController {
  @Get('one')
  one(@CurrentSpan() span: Span): string {
    span.setAttribute('order.items', 3)
    return this.read()
  }

  @Get('later')
  later(): Observable<number> {
    return timer(1)
  }

  @Get('failing')
  failing(): void {
    throw new TypeError('no price')
  }

  @Traced()
  read(): string {
    return 'one'
  }
}

let running: RunningApp

beforeAll(async () => {
  running = await startApp(
    { imports: [TracingModule.forRoot()], controllers: [OrdersController], providers: [Pass] },
    { instrument: tracingInstrument() },
    (app) => app.useGlobalInterceptors(new Pass()),
  )
})
afterAll(() => running.close())

it.each([
  ['one', 200, 'one'],
  ['later', 200, '0'],
  ['failing', 500, '{"statusCode":500,"message":"Internal server error"}'],
  ['missing', 404, expect.stringContaining('Cannot GET')],
])('answers /orders/%s as ever where no SDK is registered', async (path, status, body) => {
  const response = await fetch(`${running.url}/orders/${path}`)
  expect(response.status).toBe(status)
  expect(await response.text()).toEqual(body)
})
