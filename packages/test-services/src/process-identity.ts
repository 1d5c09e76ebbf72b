import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Whether a process with this id runs. */
export function isRunning(pid: number): boolean {
  // No signal 0: it also reaches zombies, which stay where the init process does not reap.
  return processStart(pid) !== undefined
}

/**
 * When the process started, in the system's own form, or undefined when there is none. Together
 * with the id it names one process for ever, as ids are used again.
 */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is a file name in brackets that may hold spaces; the start is field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19]
  } catch {
    return startByPs(pid)
  }
}

function startByPs(pid: number): string | undefined {
  if (process.platform === 'linux') return undefined
  try {
    const stdio = ['ignore', 'pipe', 'ignore'] as const
    const output = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: [...stdio],
    })
    return output.trim() || undefined
  } catch {
    return undefined
  }
}
