import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { IncomingHttpHeaders as Http2Headers, ServerHttp2Stream } from 'node:http2'

/** What is read of a request, of a stream of HTTP/2 that is used without requests and responses. */
export function requestOfStream(stream: ServerHttp2Stream, headers: object): IncomingMessage {
  const given = headers as Http2Headers
  const request = {
    method: given[':method'],
    url: given[':path'],
    httpVersion: '2.0',
    headers: given as IncomingHttpHeaders,
    socket: stream.session?.socket,
    errored: null,
  }
  return request as unknown as IncomingMessage
}
