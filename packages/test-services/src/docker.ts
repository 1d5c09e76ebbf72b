import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { basename } from 'node:path'
import { runCommand } from './command.ts'
import { findProgram } from './program.ts'
import type { Way } from './server-plan.ts'
import type { ServiceName, StartContext } from './service.ts'

const run = promisify(execFile)

/** A server in a Docker container. */
export interface DockerServer {
  readonly name: ServiceName
  readonly image: string
  /** Options of `docker run`: published port and environment. */
  options(port: number): readonly string[]
  /** The container's command, when it is not the image's own. */
  readonly arguments?: readonly string[]
}

/** Runs the server with Docker, if its engine answers. */
export function dockerWay(server: DockerServer): Way {
  return {
    how: 'Docker',
    prepare: async (context, folder) => {
      const docker = await findDocker(context)
      await pull(docker, server.image, context, folder)
      // The folder's name is unique, and says whose container it is.
      const container = basename(folder).toLowerCase()
      return {
        name: server.name,
        folder,
        portCount: 1,
        stopSignal: 'TERM',
        container,
        command: async ([port = 0]) => {
          // A port that was taken leaves a container that was made but not started.
          await run(docker, ['rm', '--force', container], { env: context.env }).catch(() => {})
          const options = ['--name', container, ...server.options(port)]
          return [docker, 'run', ...options, server.image, ...(server.arguments ?? [])]
        },
        commandAgain: [docker, 'start', '--attach', container],
      }
    },
  }
}

async function findDocker(context: StartContext): Promise<string> {
  const docker = findProgram('docker', context.env)
  if (!docker) throw new Error('docker is not on the PATH')
  try {
    await run(docker, ['info'], { env: context.env, timeout: 10_000, signal: context.signal })
  } catch (error) {
    context.signal.throwIfAborted()
    const { stderr = '' } = error as { stderr?: string }
    const reason = stderr.trim().split('\n').at(-1) || 'no answer within 10 s'
    throw new Error(`docker is there, but its engine does not answer: ${reason}`, { cause: error })
  }
  return docker
}

async function pull(
  docker: string,
  image: string,
  context: StartContext,
  folder: string,
): Promise<void> {
  const present = await run(docker, ['image', 'inspect', image], {
    env: context.env,
    signal: context.signal,
  }).then(
    () => true,
    () => false,
  )
  if (present) return
  context.onProgress(`pulling ${image} with Docker`)
  await runCommand([docker, 'pull', '--quiet', image], context, { folder, label: 'docker pull' })
}
