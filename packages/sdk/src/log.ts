import { DiagLogLevel, diag, type DiagLogger } from '@opentelemetry/api'

const LEVELS: Readonly<Record<string, DiagLogLevel>> = {
  none: DiagLogLevel.NONE,
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
  verbose: DiagLogLevel.VERBOSE,
  all: DiagLogLevel.ALL,
}

/**
 * Sends what tracing has to say to stderr, one line each: readable on a terminal, JSON elsewhere, so that it does not mix
 * with what the application prints. The level is `OTEL_LOG_LEVEL`, `warn` by default.
 */
export function startLog(env: NodeJS.ProcessEnv = process.env): void {
  const logLevel = LEVELS[env['OTEL_LOG_LEVEL']?.toLowerCase() ?? ''] ?? DiagLogLevel.WARN
  diag.setLogger(stderrLogger, { logLevel, suppressOverrideMessage: true })
}

const stderrLogger: DiagLogger = {
  error: (message, ...details) => write('error', message, details),
  warn: (message, ...details) => write('warn', message, details),
  info: (message, ...details) => write('info', message, details),
  debug: (message, ...details) => write('debug', message, details),
  verbose: (message, ...details) => write('trace', message, details),
}

function write(level: string, first: string, rest: readonly unknown[]): void {
  // A component logger puts its namespace before the message.
  const scoped = first.startsWith('@') && typeof rest[0] === 'string'
  const [scope, message, details] = scoped
    ? [first, rest[0] as string, rest.slice(1)]
    : ['@opentelemetry', first, rest]
  const texts = details.map((detail) => (typeof detail === 'string' ? detail : asText(detail)))
  const line = process.stderr.isTTY
    ? [`${scope} ${level}:`, message, ...texts].join(' ')
    : JSON.stringify({ time: Date.now(), level, scope, message, details: texts })
  process.stderr.write(`${line}\n`)
}

function asText(detail: unknown): string {
  if (detail instanceof Error) return detail.stack ?? detail.message
  try {
    return JSON.stringify(detail) ?? String(detail)
  } catch {
    return String(detail)
  }
}
