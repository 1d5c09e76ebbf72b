import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'

const ROOT = join(import.meta.dirname, '../../../..')

/** The parts of a package.json that are used here. */
interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports: Readonly<Record<string, unknown>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** A package as its users get it. */
export interface Packed extends Required<Omit<Manifest, 'private'>> {
  /** The tarball. */
  readonly file: string
}

/** Builds all published packages and packs them into a folder. */
export async function packAll(folder: string): Promise<Packed[]> {
  const { packageManager } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    packageManager: string
  }
  const pnpm = ['--yes', '-p', packageManager, '-c']
  await run('npx', [...pnpm, 'turbo run build --output-logs=errors-only'], ROOT)
  const packages = await published()
  // One npx at a time: several would race for the same cache.
  const commands = packages.map(
    ({ path }) => `(cd ${path} && pnpm pack --pack-destination ${folder})`,
  )
  await run('npx', [...pnpm, commands.join(' && ')], ROOT)
  const files = await readdir(folder)
  return packages.map(({ manifest }) => {
    const start = `${manifest.name.replace('@', '').replace('/', '-')}-`
    const file = files.find((name) => name.startsWith(start) && name.endsWith('.tgz'))
    if (!file) throw new Error(`${manifest.name} was not packed; there are ${files.join(', ')}`)
    const { name, exports, peerDependencies = {} } = manifest
    return { name, exports, peerDependencies, file: join(folder, file) }
  })
}

async function published(): Promise<{ path: string; manifest: Manifest }[]> {
  const names = await readdir(join(ROOT, 'packages'))
  const all = names.map(async (name) => {
    const path = join(ROOT, 'packages', name)
    const manifest = JSON.parse(await readFile(join(path, 'package.json'), 'utf8')) as Manifest
    return { path, manifest }
  })
  return (await Promise.all(all)).filter(({ manifest }) => manifest.private !== true)
}

/** A block of the workspace's settings, by package: the versions of the catalog, or the overrides. */
export async function versions(block: 'catalog' | 'overrides'): Promise<Record<string, string>> {
  const text = await readFile(join(ROOT, 'pnpm-workspace.yaml'), 'utf8')
  const section = new RegExp(`^${block}:\n((?: .*\n)+)`, 'm').exec(text)?.[1] ?? ''
  // `a>b` is pnpm's alone, for the repository's own matrices.
  const lines = section.matchAll(/^ {2}'?([^':>]+)'?: (\S+)/gm)
  return Object.fromEntries(Array.from(lines, ([, name, version]) => [name!, version!]))
}
