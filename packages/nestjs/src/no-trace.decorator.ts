import 'reflect-metadata'

const NO_TRACE = '@throughline/nestjs/no-trace'

/**
 * Makes no span for this handler, guard, pipe, interceptor or traced method; on a class, for none of its methods. What it
 * calls is still traced, under the span around it. To leave out whole requests, use the module's `ignore`.
 *
 * @example
 * ```ts
 * @NoTrace()
 * @Get('health')
 * health() {}
 * ```
 */
export function NoTrace(): ClassDecorator & MethodDecorator {
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    Reflect.defineMetadata(NO_TRACE, true, (descriptor?.value as object | undefined) ?? target)
  }
}

/** Whether `@NoTrace()` stands on the method or on its class. */
export function isUntraced(type: object | undefined, method: object): boolean {
  return (
    Reflect.hasMetadata(NO_TRACE, method) ||
    (type !== undefined && Reflect.hasMetadata(NO_TRACE, type))
  )
}
