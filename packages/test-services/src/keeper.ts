// Keeps the servers of `services up`, which end with this process. Started by `cli.ts`.
import type { ServiceName } from './service.ts'
import { startServices, type Services } from './services.ts'
import { claimState, removeState, writeState, type ServiceRecord } from './state-file.ts'

/** What the keeper tells the command that started it. */
export type KeeperMessage =
  | { readonly type: 'progress'; readonly line: string }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string }

const stop = new AbortController()
let ready = false

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stop.abort(new Error(`interrupted by ${signal}`)))
}
// The command that waits for the servers was interrupted.
process.on('disconnect', () => {
  if (!ready) stop.abort(new Error('the command was interrupted'))
})
// Servers from the environment alone would not keep this process running.
const alive = setInterval(() => {}, 60_000)

await keep(process.argv.slice(2) as ServiceName[])
clearInterval(alive)
if (process.connected) process.disconnect()

async function keep(names: readonly ServiceName[]): Promise<void> {
  if (!(await claimState(process.env))) {
    tell({ type: 'failed', message: 'Services are up already, or on their way.' })
    return
  }
  let services: Services | undefined
  try {
    const onProgress = (line: string): void => tell({ type: 'progress', line })
    services = await startServices(names, {
      onProgress,
      signal: stop.signal,
      outliveParent: true,
    })
    await writeState(records(services), process.env)
    ready = true
    tell({ type: 'ready' })
    await aborted(stop.signal)
  } catch (error) {
    tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
  } finally {
    await services?.stop()
    await removeState(process.env)
  }
}

function records({ kafka, redis, postgres }: Services): ServiceRecord[] {
  return [kafka, redis, postgres]
    .filter((service) => service !== undefined)
    .map(({ name, address, how, pid }) => ({ name, address, how, pid }))
}

function tell(message: KeeperMessage): void {
  // The command may be gone, which is no matter.
  if (process.connected) process.send?.(message, () => {})
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
