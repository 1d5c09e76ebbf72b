import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A real server that answers by path and keeps the headers that arrived. */
export interface FetchServer {
  readonly origin: string
  readonly port: number
  /** The headers of each request, by path. */
  readonly arrived: { readonly path: string; readonly headers: IncomingHttpHeaders }[]
  /** Resolves when the next request arrives. */
  arrival(): Promise<unknown>
  close(): Promise<void>
}

export async function startFetchServer(): Promise<FetchServer> {
  const arrived: FetchServer['arrived'] = []
  const server: Server = createServer((request, response) => {
    const path = request.url ?? ''
    arrived.push({ path, headers: request.headers })
    const status = /^\/status\/(\d+)$/.exec(path)?.[1]
    if (status) response.writeHead(Number(status)).end(status === '204' ? undefined : 'answer')
    else if (path === '/never') return
    else if (path === '/half') response.writeHead(200, { 'content-length': 100 }).write('half')
    else if (path === '/cut') cut(() => response.destroy())
    else if (path === '/reset') request.socket.destroy()
    else if (path === '/big') response.end(Buffer.alloc(5_000_000))
    else if (path === '/hints') response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    else if (path.startsWith('/hop/')) redirect(Number(path.slice(5)))
    else response.end('answer')
    if (path === '/hints') response.end('answer')

    function cut(destroy: () => void): void {
      response.writeHead(200, { 'content-length': 100 })
      response.write('half', destroy)
    }
    function redirect(hops: number): void {
      const location = hops > 1 ? `/hop/${hops - 1}` : '/end?of=redirects'
      response.writeHead(302, { location }).end()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    arrived,
    arrival: () => once(server, 'request'),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
