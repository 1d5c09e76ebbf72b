/** What a messaging operation is about, and what stands for it in a name. */
export interface NamedDestination {
  readonly name?: string | undefined
  /** Where names are made of a pattern: it stands in the span's name in their place. */
  readonly template?: string | undefined
  /** A name that was made up for a while, such as that of a reply queue, is in no span's name. */
  readonly temporary?: boolean | undefined
  readonly serverAddress?: string | undefined
  readonly serverPort?: number | undefined
}

/** `{operation} {destination}`: `send order.placed`. Messaging semantic conventions 1.44, "Span name". */
export function messagingSpanName(
  operation: string,
  destination: string | NamedDestination | undefined,
): string {
  const named = typeof destination === 'object' ? lowCardinality(destination) : destination
  return named ? `${operation} ${named}` : operation
}

function lowCardinality(destination: NamedDestination): string | undefined {
  const { name, template, temporary, serverAddress, serverPort } = destination
  if (template) return template
  if (name && temporary !== true) return name
  return serverAddress && serverPort ? `${serverAddress}:${serverPort}` : serverAddress
}
