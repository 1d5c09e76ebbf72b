import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'

/**
 * Stands for the response where Node made none, because a listener or Node itself writes to the socket: it says that
 * nothing is known of the answer, unless it is told the status.
 */
export class BareResponse extends EventEmitter {
  statusCode = 0
  readonly writableEnded = true
  readonly writableFinished = true

  get headersSent(): boolean {
    return this.statusCode !== 0
  }

  getHeaders(): object {
    return {}
  }
}

/** The answer of a listener that took over the connection: it is gone when the connection is. */
export function responseOfSocket(socket: Duplex): ServerResponse {
  const response = new BareResponse()
  socket.once('close', () => response.emit('close'))
  return asResponse(response)
}

/** The answer on a stream of HTTP/2 that is used without requests and responses. */
export function responseOfStream(stream: ServerHttp2Stream): ServerResponse {
  const response = new StreamResponse(stream)
  // In front, as on a response: what the listeners of the application do must not come before the end.
  stream.prependOnceListener('close', () => response.emit('close'))
  return asResponse(response)
}

class StreamResponse extends EventEmitter {
  readonly stream: ServerHttp2Stream

  constructor(stream: ServerHttp2Stream) {
    super()
    this.stream = stream
  }

  get statusCode(): number {
    return Number(this.stream.sentHeaders?.[':status'])
  }

  get headersSent(): boolean {
    return this.stream.headersSent
  }

  get writableEnded(): boolean {
    return this.stream.writableEnded
  }

  getHeaders(): object {
    return this.stream.sentHeaders ?? {}
  }
}

export function asResponse(response: BareResponse | StreamResponse): ServerResponse {
  return response as unknown as ServerResponse
}
