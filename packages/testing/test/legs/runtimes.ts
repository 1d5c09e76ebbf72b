import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { npmInstall, run } from './command.ts'

/** A Node to run on. */
export interface Runtime {
  readonly version: string
  readonly node: string
}

/** The versions of Node that the packages promise, oldest first; the repository's own is 24. */
const VERSIONS = ['20.19', '22', '24', '26']

/**
 * Finds a Node of each version: this one, or the one that npm has for this platform. What cannot be had is answered as
 * the reason for it.
 */
export async function findRuntimes(
  folder: string,
): Promise<(Runtime | { readonly missing: string })[]> {
  const found: (Runtime | { readonly missing: string })[] = []
  for (const version of VERSIONS) {
    // One after the other, since each is a large download the first time.
    // oxlint-disable-next-line no-await-in-loop
    found.push(await find(version, join(folder, `node-${version}`)))
  }
  return found
}

async function find(version: string, folder: string): Promise<Runtime | { missing: string }> {
  if (process.versions.node.startsWith(`${version}.`)) {
    return { version: process.versions.node, node: process.execPath }
  }
  const name = `node-${process.platform}-${process.arch}`
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'package.json'), '{ "private": true }')
    await npmInstall(folder, `${name}@~${version}`)
    const node = join(folder, 'node_modules', name, 'bin/node')
    const printed = await run(node, ['--version'], folder)
    return { version: printed.trim().slice(1), node }
  } catch (error) {
    const [line] = (error as Error).message.split('\n')
    return { missing: `Node ${version} could not be had: ${line}` }
  }
}
