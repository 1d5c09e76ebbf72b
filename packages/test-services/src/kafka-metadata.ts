import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const metadata = { key: 3, version: 2 }

/** What a broker tells about its cluster. */
export interface ClusterMetadata {
  readonly brokerCount: number
  readonly clusterId: string
}

/**
 * Sends one metadata request to a broker. Spoken by hand, because a client would print warnings
 * and start timers of its own while it is asked over and over during a start.
 */
export async function fetchMetadata(address: string, limit: number): Promise<ClusterMetadata> {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(address.trim()) ?? []
  if (!port) throw new Error(`"${address}" is not of the form host:port`)
  const socket = connect({ host, port: Number(port) })
  const overdue = setTimeout(() => {
    socket.destroy(new Error(`${address} did not answer within ${limit} ms`))
  }, limit)
  try {
    await once(socket, 'connect')
    socket.write(request())
    return parse(await response(socket))
  } finally {
    clearTimeout(overdue)
    socket.destroy()
  }
}

/** Size, header (api, version, correlation id, client id "ts") and a list of no topics. */
function request(): Buffer {
  const bytes = Buffer.alloc(4 + 8 + 4 + 4)
  bytes.writeInt32BE(bytes.length - 4, 0)
  bytes.writeInt16BE(metadata.key, 4)
  bytes.writeInt16BE(metadata.version, 6)
  bytes.writeInt16BE(2, 12)
  bytes.write('ts', 14)
  return bytes
}

async function response(socket: Socket): Promise<Buffer> {
  let bytes = Buffer.alloc(0)
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer])
    if (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) return bytes
  }
  throw new Error('the connection was closed without an answer')
}

/** Layout: size, correlation id, then the brokers as (id, host, port, rack), the cluster id, ... */
function parse(bytes: Buffer): ClusterMetadata {
  let at = 8
  const readString = (): string => {
    const length = Math.max(bytes.readInt16BE(at), 0)
    at += 2 + length
    return bytes.toString('utf8', at - length, at)
  }
  const brokerCount = bytes.readInt32BE(at)
  at += 4
  for (let index = 0; index < brokerCount; index += 1) {
    at += 4
    readString()
    at += 4
    readString()
  }
  return { brokerCount, clusterId: readString() }
}
