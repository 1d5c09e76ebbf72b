/** `{operation} {destination}`: `send order.placed`. Messaging semantic conventions 1.44, "Span name". */
export function messagingSpanName(operation: string, destination: string | undefined): string {
  return destination ? `${operation} ${destination}` : operation
}
