/** BullMQ's attributes are loosely typed: what is not text counts as none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
