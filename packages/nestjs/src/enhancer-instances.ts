import 'reflect-metadata'
import { methodOf, methodsOf } from './class-method.ts'

/** Nest's own keys of what stands on a class or a method, and of the parameters of its methods. */
const ENHANCERS = ['__guards__', '__pipes__', '__interceptors__', '__exceptionFilters__']
const PARAMETERS = '__routeArguments__'

interface Parameter {
  readonly pipes?: readonly unknown[]
}

/**
 * The enhancers that decorators of a class were given as instances: `@UseGuards(new RolesGuard())`,
 * `@Body(new ValidationPipe())`. Nest takes them as they are and never shows them to `instrument`.
 */
export function enhancerInstances(prototype: object): object[] {
  const type = methodOf(prototype, 'constructor')
  if (!type) return []
  const methods = methodsOf(prototype)
  const given = [type, ...methods.values()].flatMap((target) =>
    ENHANCERS.flatMap((key): unknown => Reflect.getMetadata(key, target) ?? []),
  )
  for (const key of methods.keys()) {
    const parameters: Record<string, Parameter> | undefined = Reflect.getMetadata(
      PARAMETERS,
      type,
      key as string,
    )
    for (const { pipes = [] } of Object.values(parameters ?? {})) given.push(...pipes)
  }
  return given.filter((enhancer) => typeof enhancer === 'object' && enhancer !== null)
}
