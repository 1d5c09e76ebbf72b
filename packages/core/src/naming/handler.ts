/** `Class.method`, as `code.function.name` has it; the function's own name where there is no class. */
export function handlerSpanName(className: string | undefined, method: string): string {
  return className ? `${className}.${method}` : method
}
