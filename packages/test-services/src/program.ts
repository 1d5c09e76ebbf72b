import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Full path of a program on the `PATH`, or in one of the further folders. */
export function findProgram(
  name: string,
  env: NodeJS.ProcessEnv,
  folders: readonly string[] = [],
): string | undefined {
  const searched = [...(env.PATH ?? '').split(delimiter).filter(Boolean), ...folders]
  return searched.map((folder) => join(folder, name)).find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
