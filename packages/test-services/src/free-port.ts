import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'

/** Ports on which nothing listens at the moment. All differ. */
export async function freePorts(count: number): Promise<number[]> {
  // All are held open together, or the system could name one port twice.
  const holders = await Promise.all(Array.from({ length: count }, hold))
  const ports = holders.map((holder) => (holder.address() as AddressInfo).port)
  await Promise.all(holders.map(release))
  return ports
}

async function hold(): Promise<Server> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function release(server: Server): Promise<void> {
  server.close()
  await once(server, 'close')
}
