import { once } from 'node:events'
import { connect } from 'node:net'

/**
 * Resolves with the first bytes that a server sends, after it was sent `opening`. Spoken by hand, as a client would
 * keep connecting while it is asked over and over during a start.
 */
export async function greeting(
  address: string,
  opening: Uint8Array | undefined,
  limit: number,
): Promise<Buffer> {
  const { hostname, port } = new URL(address)
  const socket = connect({ host: hostname, port: Number(port) })
  const overdue = setTimeout(() => {
    socket.destroy(new Error(`${address} did not answer within ${limit} ms`))
  }, limit)
  try {
    await once(socket, 'connect')
    if (opening) socket.write(opening)
    for await (const chunk of socket) return chunk as Buffer
    throw new Error('the connection was closed without an answer')
  } finally {
    clearTimeout(overdue)
    socket.destroy()
  }
}
