/**
 * What all copies of this package in a process hold in common: an application's ESM beside a framework's CommonJS. Two
 * that each kept a list of their own would each record the same exception.
 */
export function shared<T extends object>(name: string, create: () => T): T {
  const registry = globalThis as unknown as Record<symbol, T | undefined>
  return (registry[Symbol.for(`@throughline/core.${name}`)] ??= create())
}
