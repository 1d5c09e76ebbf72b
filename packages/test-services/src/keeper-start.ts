import { fork } from 'node:child_process'
import { once } from 'node:events'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { KeeperMessage } from './keeper.ts'
import type { ServiceName } from './service.ts'

const keeper = join(import.meta.dirname, 'keeper.ts')

/**
 * Starts the process that keeps the servers after this command has ended, and waits until they
 * answer. Resolves to the problem if there is one.
 */
export async function startKeeper(
  names: readonly ServiceName[],
  env: NodeJS.ProcessEnv,
  print: (line: string) => void,
): Promise<string | undefined> {
  const child = fork(keeper, [...names], { cwd: homedir(), detached: true, env, stdio: 'ignore' })
  const exit = once(child, 'exit')
  const interrupt = (): void => {
    if (child.connected) child.disconnect()
  }
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  const outcome = new Promise<KeeperMessage | undefined>((resolve) => {
    child.on('message', (message: KeeperMessage) => {
      if (message.type === 'progress') print(message.line)
      else resolve(message)
    })
    child.once('disconnect', () => resolve(undefined))
  })
  const message = await outcome
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  if (message?.type === 'ready') {
    child.disconnect()
    child.unref()
    return undefined
  }
  await exit
  return message?.type === 'failed' ? message.message : 'Interrupted; all servers were stopped.'
}
