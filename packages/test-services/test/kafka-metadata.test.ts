import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { answer } from '../src/answer.ts'
import { fetchMetadata } from '../src/kafka-metadata.ts'

async function broker(serve: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)])
}

function metadata(brokers: number): Buffer {
  const node = Buffer.concat([Buffer.from([0, 0, 0, 1]), text('host'), Buffer.alloc(4)])
  const noRack = Buffer.from([0xff, 0xff])
  const nodes = Array.from({ length: brokers }, () => Buffer.concat([node, noRack]))
  const body = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0, 0, brokers]), ...nodes, text('id-1')])
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}

test('a broker tells its cluster, also when the answer comes in pieces', async () => {
  const address = await broker((socket) =>
    socket.once('data', () => {
      for (const byte of metadata(2)) socket.write(Buffer.from([byte]))
    }),
  )
  expect(await fetchMetadata(address, 1000)).toEqual({ brokerCount: 2, clusterId: 'id-1' })
})

test('one broker of a list is enough', async () => {
  const address = await broker((socket) => socket.once('data', () => socket.write(metadata(1))))
  expect(await answer.kafka(`127.0.0.1:1, ${address}`)).toBe('id-1')
})

test('a broker that has not registered yet is not ready', async () => {
  const address = await broker((socket) => socket.once('data', () => socket.write(metadata(0))))
  await expect(answer.kafka(address)).rejects.toThrow('no broker has registered yet')
})

test('a connection that is closed, silent or refused is no answer', async () => {
  const closing = await broker((socket) => socket.end())
  await expect(fetchMetadata(closing, 1000)).rejects.toThrow()
  const silent = await broker(() => {})
  await expect(fetchMetadata(silent, 50)).rejects.toThrow('did not answer within 50 ms')
  await expect(fetchMetadata('127.0.0.1:1', 1000)).rejects.toThrow('ECONNREFUSED')
  await expect(fetchMetadata('kafka', 1000)).rejects.toThrow('"kafka" is not of the form host:port')
})
