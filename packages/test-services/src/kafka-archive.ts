import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { exists } from './cache-folder.ts'
import { classArchive, type KafkaJars } from './kafka-jars.ts'
import { launchServer } from './launch.ts'
import type { ServerPlan } from './server-plan.ts'
import type { StartContext } from './service.ts'

const exitLimit = 30_000

/** Makes a plan for a broker whose JVM gets these further options. */
export type PlanBroker = (folder: string, options: readonly string[]) => Promise<ServerPlan>

/**
 * Makes the archive of the classes a broker loads, once for each Java, by running a broker that
 * writes it when it ends. Without an archive a broker works as well, so a failure is only told.
 */
export async function makeClassArchive(
  jars: KafkaJars,
  planBroker: PlanBroker,
  context: StartContext,
  folder: string,
): Promise<void> {
  const archive = await classArchive(jars)
  if (await exists(archive)) return
  context.onProgress('kafka: making a class archive for faster starts')
  const own = join(folder, 'archive')
  const made = join(folder, 'classes.jsa')
  try {
    await mkdir(own)
    const plan = await planBroker(own, [`-XX:ArchiveClassesAtExit=${made}`])
    const broker = await launchServer(plan, 'class archive', context)
    const limit = AbortSignal.any([context.signal, AbortSignal.timeout(exitLimit)])
    const stop = (): void => void broker.stop()
    limit.addEventListener('abort', stop)
    process.kill(broker.pid, 'SIGTERM')
    await broker.exited
    limit.removeEventListener('abort', stop)
    await broker.stop()
    await rename(made, archive)
  } catch (error) {
    context.signal.throwIfAborted()
    context.onProgress(`kafka: no class archive, starts stay slower: ${String(error)}`)
  }
}
