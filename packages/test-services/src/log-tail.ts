import { readFile } from 'node:fs/promises'

/** The last lines of a log file, or a note that it is empty. */
export async function logTail(file: string, lines = 20): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-lines).join('\n') || '(its log is empty)'
}
