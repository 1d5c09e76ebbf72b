import type { IncomingMessage } from 'node:http'
import { RequestError } from './request-error.ts'

/**
 * Refuses what a browser page could send. No exporter in Node.js sends an `Origin`, and every browser does with
 * a cross-origin POST. The `Host` check stops DNS rebinding, where a page's own name points to this machine.
 */
export function guardRequest(request: IncomingMessage, boundHost: string): void {
  if (request.headers.origin !== undefined) {
    throw new RequestError(403, 'Requests from browser pages are refused (they carry an Origin)')
  }
  const hostname = hostnameOf(request.headers.host)
  // Who binds to more than loopback is reached by names that we cannot know.
  if (!isLoopback(boundHost) || isLoopback(hostname) || hostname === boundHost) return
  throw new RequestError(403, 'The Host of this request is not this machine: use localhost')
}

function hostnameOf(host: string | undefined): string {
  try {
    return new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '')
  } catch {
    return ''
  }
}

function isLoopback(host: string): boolean {
  // Containers reach the host's loopback by Docker's name for it, which no public DNS answers.
  return (
    host === 'localhost' ||
    host === '::1' ||
    host === 'host.docker.internal' ||
    /^127\.\d+\.\d+\.\d+$/.test(host)
  )
}
