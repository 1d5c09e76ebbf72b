import { basename } from 'node:path'

export type ProcessFunction = 'spawn' | 'exec' | 'execFile' | 'fork'

/** A call of one of node:child_process's functions, taken apart. */
export interface ProcessCall {
  /** The program, without its folder and arguments. */
  readonly executable: string
  /** The arguments of the program; of `exec`, the command line. */
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv | undefined
  /** The same call with another environment. */
  withEnv(env: NodeJS.ProcessEnv): unknown[]
}

/** Takes a call apart, or answers nothing where Node would refuse it: its own error is to appear then. */
export function takeApart(
  name: ProcessFunction,
  args: readonly unknown[],
): ProcessCall | undefined {
  const [file] = args
  if (typeof file !== 'string' && !(name === 'fork' && file instanceof URL)) return undefined
  const hasList = name !== 'exec' && (Array.isArray(args[1]) || args[1] == null)
  const at = hasList ? 2 : 1
  const given = typeof args[at] === 'function' ? undefined : args[at]
  if (given !== undefined && given !== null && typeof given !== 'object') return undefined
  const options = (given ?? {}) as Options
  const list = Array.isArray(args[1]) ? args[1].filter((arg) => typeof arg === 'string') : []
  return {
    executable: executableOf(name, String(file), options),
    args: name === 'exec' ? [String(file)] : list,
    env: options.env,
    withEnv: (env) => {
      const next = [...args]
      const replaced = typeof args[at] === 'function' ? 0 : 1
      while (next.length < at) next.push([])
      if (hasList && next[1] == null) next[1] = []
      next.splice(at, replaced, { ...options, env })
      return next
    },
  }
}

interface Options {
  readonly env?: NodeJS.ProcessEnv
  readonly shell?: unknown
  readonly execPath?: unknown
}

// With a shell, the file is a command line: who knows what is in it.
function executableOf(name: ProcessFunction, file: string, { shell, execPath }: Options): string {
  if (name === 'fork') return basename(typeof execPath === 'string' ? execPath : process.execPath)
  if (typeof shell === 'string') return basename(shell)
  if (name !== 'exec' && !shell) return basename(file)
  return process.platform === 'win32' ? 'cmd.exe' : 'sh'
}
