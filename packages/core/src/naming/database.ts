/** `{operation} {target}`, else the operation, else the system. Database semantic conventions 1.33, "Name". */
export function databaseSpanName(
  system: string,
  operation: string | undefined,
  target: string | undefined,
): string {
  if (!operation) return target ?? system
  return target ? `${operation} ${target}` : operation
}
