import { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** What Node tells of a request that it could not read. */
export interface ClientError extends Error {
  readonly code?: string
  readonly rawPacket?: Uint8Array
}

const MAX_LINE = 4096
const REQUEST_LINE = /^([A-Za-z][A-Za-z-]{0,31}) (\S+) HTTP\/(\d\.\d)\r?\n/

/** The request that a packet began, as far as its first line says; `undefined` where that is no request line. */
export function readRequestLine(
  { rawPacket }: ClientError,
  socket: Socket,
): IncomingMessage | undefined {
  if (!(rawPacket instanceof Uint8Array)) return undefined
  const length = Math.min(rawPacket.length, MAX_LINE)
  const text = Buffer.from(rawPacket.buffer, rawPacket.byteOffset, length).toString('latin1')
  const [, method, url, version] = REQUEST_LINE.exec(text) ?? []
  if (!method || !url || !version) return undefined
  const request = new IncomingMessage(socket)
  request.method = method
  request.url = url
  request.httpVersion = version
  return request
}

/** The status that Node answers with where nobody listens for `clientError`. */
export function statusOfRefusal({ code }: ClientError): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 413
  return code === TIMED_OUT ? 408 : 400
}

export const TIMED_OUT = 'ERR_HTTP_REQUEST_TIMEOUT'

/** Whether Node could not read what came. The others say that the connection broke: so does the response. */
export function isUnreadable({ code }: ClientError): boolean {
  return code?.startsWith('HPE_') === true && code !== 'HPE_INVALID_EOF_STATE'
}
