import 'reflect-metadata'
import { Injectable, Scope, type DynamicModule } from '@nestjs/common'
import { ContextIdFactory, NestFactory } from '@nestjs/core'
import { tracingInstrument, type TracingInstrument } from '@throughline/nestjs'
import type { Question, Subject } from '../question.ts'

const PROVIDERS = 1000

/** A request that makes a thousand providers of its own, one of ten of them a guard. */
async function requests(options: { instrument?: TracingInstrument }): Promise<Subject> {
  const types = Array.from({ length: PROVIDERS }, (_, at) => {
    const type = class {
      canActivate = at
    }
    // A guard's class, whose method its instances hide: described once, never called.
    if (at % 10 === 0) Object.assign(type.prototype, { canActivate: () => true })
    Object.defineProperty(type, 'name', { value: `Provider${at}` })
    Injectable({ scope: Scope.REQUEST })(type)
    return type
  })
  const shop: DynamicModule = { module: Object, providers: types }
  const app = await NestFactory.createApplicationContext(shop as never, {
    logger: false,
    ...options,
  })
  return {
    async run(times) {
      for (let at = 0; at < times; at++) {
        const id = ContextIdFactory.create()
        for (const type of types) await app.resolve(type, id)
      }
    },
    close: () => app.close(),
  }
}

export const question: Question = {
  title: 'A thousand request-scoped providers of NestJS, with `instrument` and without',
  unit: 'thousand instances',
  peer: 'without',
  budgets: { tracingInstrument: 1.3 },
  variants: {
    without: () => requests({}),
    tracingInstrument: () => requests({ instrument: tracingInstrument() }),
  },
}
