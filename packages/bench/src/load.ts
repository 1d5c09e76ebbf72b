// Sends requests from a process of its own, so that its work is not counted: `{ port, times }` in, `'done'` out.
import { Agent, request } from 'node:http'

const CONNECTIONS = 16
const HEADERS = {
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  'user-agent': 'bench',
}
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })

process.on('message', ({ port, times }: { port: number; times: number }) => {
  let left = times
  const worker = async (): Promise<void> => {
    while (left-- > 0) await get(port)
  }
  void Promise.all(Array.from({ length: CONNECTIONS }, worker)).then(() => process.send?.('done'))
})

function get(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/orders/42?coupon=x', agent, headers: HEADERS })
      .on('response', (response) => response.resume().on('end', resolve))
      .on('error', reject)
      .end()
  })
}
