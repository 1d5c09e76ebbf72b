import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, inflate, type ZlibOptions } from 'node:zlib'
import { RequestError } from './request-error.ts'

type Inflate = (data: Uint8Array, options: ZlibOptions) => Promise<Uint8Array>

const decoders: Record<string, Inflate | undefined> = {
  gzip: promisify<Uint8Array, ZlibOptions, Buffer>(gunzip),
  deflate: promisify<Uint8Array, ZlibOptions, Buffer>(inflate),
  identity: (data) => Promise.resolve(data),
}

/** Reads the body of a request and undoes its compression, in at most `maxBytes` before and after. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() || 'identity'
  const decode = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined
  if (decode === undefined) {
    throw new RequestError(415, 'Content-Encoding must be gzip, deflate or identity')
  }
  const raw = await readRaw(request, maxBytes)
  try {
    // zlib stops at this length, so a decompression bomb costs no more memory than a plain body.
    return await decode(raw, { maxOutputLength: maxBytes })
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    if (tooLarge) throw bodyTooLarge(maxBytes)
    throw new RequestError(400, `The body is not ${encoding} data`, { cause: error })
  }
}

function readRaw(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw bodyTooLarge(maxBytes)
    const chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= maxBytes) chunks.push(chunk)
      // The rest still flows and is dropped: a closed socket would hide the answer from the client.
      else reject(bodyTooLarge(maxBytes))
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('error', reject)
  })
}

function bodyTooLarge(maxBytes: number): RequestError {
  return new RequestError(413, `The body is larger than ${maxBytes} bytes`)
}
