import { type IncomingHttpHeaders, type RequestOptions, type Server, request } from 'node:http'
import { connect, type AddressInfo, type Server as NetServer } from 'node:net'

export const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

export async function listen(server: NetServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${portOf(server)}`
}

export function portOf(server: NetServer): number {
  return (server.address() as AddressInfo).port
}

/** Closes a server with all that is open on it. */
export async function stop(server: Server | undefined): Promise<void> {
  if (!server?.listening) return
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections?.()
  await closed
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** One request on a connection of its own. */
export function get(
  url: string,
  options: RequestOptions & { body?: string } = {},
): Promise<Answer> {
  const { body, ...rest } = options
  return new Promise((resolve, reject) => {
    request(url, { agent: false, ...rest }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('error', reject).on('end', () => {
        resolve({ status: response.statusCode!, headers: response.headers, body: text })
      })
    })
      .on('error', reject)
      .end(body)
  })
}

/** Writes bytes to a server and reads until it closes the connection. */
export function exchange(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text))
    socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk))
    socket.on('error', reject).on('close', () => resolve(answer))
  })
}
