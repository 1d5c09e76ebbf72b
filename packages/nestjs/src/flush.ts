import type { TracerProvider } from '@opentelemetry/api'
import { report } from '@throughline/core/integration'

const FLUSH_TIMEOUT_MS = 5000

interface FlushableProvider extends TracerProvider {
  readonly forceFlush?: () => Promise<void>
  /** Of the api's proxy, which stands before the provider that an SDK registered. */
  readonly getDelegate?: () => TracerProvider
}

/**
 * Asks a provider to send what it holds, where it can, and waits for it five seconds at most. Never rejects, and never
 * shuts the provider down: whoever started the SDK does that.
 */
export async function flush(provider: TracerProvider): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  try {
    const proxy: FlushableProvider = provider
    const target: FlushableProvider = proxy.getDelegate?.() ?? proxy
    if (!target.forceFlush) return
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FLUSH_TIMEOUT_MS)
    })
    await Promise.race([target.forceFlush(), timeout])
  } catch (error) {
    report('Flushing spans at shutdown', error)
  } finally {
    clearTimeout(timer)
  }
}
