const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const

/** The colours that are used; every terminal has them, in the theme of its user. */
export type TerminalColor = keyof typeof CODES

/** Puts a colour on a text. */
export type Paint = (text: string, color: TerminalColor) => string

/** The colours that tell services apart; red stays for errors. */
export const SERVICE_COLORS: readonly TerminalColor[] = [
  'cyan',
  'magenta',
  'yellow',
  'green',
  'blue',
]

/** Returns the function that paints, or one that leaves the text as it is. */
export function createPaint(color: boolean): Paint {
  if (!color) return (text) => text
  return (text, color) => {
    const [on, off] = CODES[color]
    return text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`
  }
}

/** Whether stdout wants colour: it is a terminal and NO_COLOR is not set (https://no-color.org). */
export function stdoutHasColor(): boolean {
  return process.stdout.isTTY && !process.env['NO_COLOR']
}
