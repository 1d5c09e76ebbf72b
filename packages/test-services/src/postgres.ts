import { createHash } from 'node:crypto'
import { globSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cacheFolder, exists, makeOnce } from './cache-folder.ts'
import { runCommand } from './command.ts'
import { dockerWay } from './docker.ts'
import { findProgram } from './program.ts'
import type { Way } from './server-plan.ts'
import type { StartContext } from './service.ts'
import { systemPackageWay } from './system-package.ts'

// Packages keep the server's programs off the PATH, in one folder for each version.
const programFolders = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/opt/homebrew/opt/postgresql*/bin',
  '/usr/local/opt/postgresql*/bin',
]

// Nothing has to survive a crash of the machine, so nothing waits for the disk. Commits still do
// survive a kill of the server, which synchronous_commit=off would change.
const settings = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'fsync=off',
  'full_page_writes=off',
].flatMap((setting) => ['-c', setting])

const program: Way = {
  how: 'program on this machine',
  prepare: async (context, folder) => {
    const found = globSync(programFolders).toSorted(byVersion)
    const initdb = findProgram('initdb', context.env, found)
    if (!initdb) throw new Error('initdb and postgres are neither on the PATH nor in /usr/lib')
    const user = await unprivileged(context, folder)
    const data = join(folder, 'data')
    await createData(initdb, user, data, context, folder)
    const postgres = join(dirname(initdb), 'postgres')
    return {
      name: 'postgres',
      folder,
      portCount: 1,
      // An immediate shutdown: it takes the shared memory along, which a SIGKILL would leave.
      stopSignal: 'QUIT',
      command: async ([port]) => [...user, postgres, '-D', data, '-p', String(port), ...settings],
      isOurs: (identity) => identity === data,
    }
  },
}

/** The ways to a PostgreSQL server, in the order to be tried. */
export const postgresWays: readonly Way[] = [
  program,
  systemPackageWay(['postgresql'], program),
  dockerWay({
    name: 'postgres',
    image: 'postgres:17-alpine',
    options: (port) => [
      `--publish=127.0.0.1:${port}:5432`,
      '--env=POSTGRES_HOST_AUTH_METHOD=trust',
    ],
    arguments: ['postgres', '-c', 'fsync=off'],
  }),
]

/** PostgreSQL refuses to run as root: then its commands run as the user the package made. */
async function unprivileged(context: StartContext, folder: string): Promise<string[]> {
  if (process.getuid?.() !== 0) return []
  const setpriv = findProgram('setpriv', context.env)
  if (!setpriv) throw new Error('PostgreSQL refuses to run as root, and setpriv is not on the PATH')
  const user = [setpriv, '--reuid=postgres', '--regid=postgres', '--init-groups', '--']
  await runCommand([...user, '/bin/sh', '-c', ':'], context, { folder, label: 'user postgres' })
  return user
}

/** Fills the data folder, from a copy kept in the cache after the first time: `initdb` is slow. */
async function createData(
  initdb: string,
  user: readonly string[],
  data: string,
  context: StartContext,
  folder: string,
): Promise<void> {
  const { mtimeMs } = await stat(initdb)
  const key = createHash('sha256').update(`${initdb} ${mtimeMs} ${user.length}`).digest('hex')
  const template = join(await cacheFolder(context.env), `postgres-${key.slice(0, 12)}`)
  const run = (...command: string[]): Promise<string> => runCommand(command, context, { folder })
  if (await exists(template)) {
    await run('/bin/cp', '-Rp', template, data)
    return
  }
  context.onProgress('postgres: making the data folder with initdb')
  if (user.length > 0) await run('/usr/bin/install', '-d', '-o', 'postgres', '-m', '700', data)
  const options = ['-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--no-sync']
  await run(...user, initdb, '-D', data, ...options)
  await makeOnce(template, context.env, async (made) => {
    await run('/bin/cp', '-Rp', `${data}/.`, made)
  })
}

function byVersion(a: string, b: string): number {
  return version(b) - version(a)
}

function version(folder: string): number {
  return Number(/\d+/.exec(folder)?.[0] ?? 0)
}
