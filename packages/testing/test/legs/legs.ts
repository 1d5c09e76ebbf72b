import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { npmInstall } from './command.ts'
import { versions, type Packed } from './packed.ts'
import { PROGRAMS } from './programs.ts'

/** A line of OpenTelemetry that a user may have. */
export interface Leg {
  readonly name: string
  readonly openTelemetry: Readonly<Record<string, string>>
  /** Packages that are not for this line, each with the reason. */
  readonly without: Readonly<Record<string, string>>
}

export const LEGS: readonly Leg[] = [
  {
    name: 'api 1.9 and SDK 2.12',
    openTelemetry: {
      '@opentelemetry/api': '1.9.1',
      '@opentelemetry/context-async-hooks': '2.12.0',
      '@opentelemetry/sdk-trace-base': '2.12.1',
    },
    without: { '@throughline/sdk': 'it brings SDK 3.x, which needs api 1.10' },
  },
  {
    name: 'api 1.10 and SDK 3.1',
    openTelemetry: {
      '@opentelemetry/api': '1.10.0',
      '@opentelemetry/context-async-hooks': '3.1.0',
      '@opentelemetry/sdk-trace': '3.1.0',
    },
    without: {},
  },
]

/** Entry points that only a running test framework can load; its own tests do. */
export const NEED_A_RUNNER: readonly string[] = [
  '@throughline/testing/vitest',
  '@throughline/testing/jest',
]

/** Installs the tarballs, with their peers, as an application of this leg would. */
export async function install(leg: Leg, packed: readonly Packed[], folder: string): Promise<void> {
  const [known, overrides] = await Promise.all([versions('catalog'), versions('overrides')])
  const dependencies: Record<string, string> = {}
  for (const { name, file, peerDependencies } of packed.filter((one) => isOf(leg, one))) {
    dependencies[name] = `file:${file}`
    for (const [peer, range] of Object.entries(peerDependencies)) {
      if (peer.startsWith('@opentelemetry/') || peer.startsWith('@throughline/')) continue
      if (peer !== 'vitest') dependencies[peer] = known[peer] ?? range
    }
  }
  await mkdir(folder, { recursive: true })
  const all = { ...dependencies, ...leg.openTelemetry }
  const manifest = { private: true, dependencies: all, overrides }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest, undefined, 2))
  for (const [name, text] of Object.entries(PROGRAMS)) await writeFile(join(folder, name), text)
  await npmInstall(folder, '--ignore-scripts')
}

/** The versions of the api that were installed, wherever in the tree. */
export async function installedApis(folder: string): Promise<string[]> {
  const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string }>
  }
  return Object.entries(lock.packages).flatMap(([path, { version }]) =>
    path.endsWith('node_modules/@opentelemetry/api') && version !== undefined ? [version] : [],
  )
}

/** What applications of this leg can load. */
export function entryPoints(leg: Leg, packed: readonly Packed[]): string[] {
  return packed
    .filter((one) => isOf(leg, one))
    .flatMap(({ name, exports }) =>
      Object.keys(exports)
        .filter((path) => path !== './package.json')
        .map((path) => join(name, path)),
    )
    .filter((entry) => !NEED_A_RUNNER.includes(entry))
}

function isOf(leg: Leg, { name }: Packed): boolean {
  return !(name in leg.without)
}
