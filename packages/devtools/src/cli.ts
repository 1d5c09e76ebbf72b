#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { view } from './view.ts'

const USAGE = `Usage: throughline view [options]

Receives OpenTelemetry traces (OTLP/HTTP) and draws each as a waterfall.

Options:
  --port <number>  port to listen on, 0 for a free one (default 4318)
  --once           stop after the first trace
  -h, --help       show this help

Send traces with OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318
`

/** A mistake in the arguments, answered with the usage. */
class UsageError extends Error {}

interface Arguments {
  readonly help: boolean
  readonly once: boolean
  readonly port: number
}

function parse(args: string[]): Arguments {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      port: { type: 'string', default: '4318' },
      once: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { help, once } = values
  const [command, ...rest] = positionals
  const port = Number(values.port)
  if (help) return { help, once, port }
  if (command === undefined) throw new UsageError('a command is missing')
  if (command !== 'view') throw new UsageError(`unknown command "${command}"`)
  if (rest.length > 0) throw new UsageError(`unexpected argument "${rest[0]}"`)
  if (!/^\d+$/.test(values.port) || port > 65_535) {
    throw new UsageError(`--port must be a number from 0 to 65535, got "${values.port}"`)
  }
  return { help, once, port }
}

async function main(): Promise<void> {
  const { help, once, port } = parse(process.argv.slice(2))
  if (help) {
    process.stdout.write(USAGE)
    return
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort())
  // The reader of a pipe may go away first, as in `throughline view | head`.
  process.stdout.on('error', () => stop.abort())
  await view({ port, once, signal: stop.signal })
}

function fail(error: unknown): void {
  const { code = '', message } = error as NodeJS.ErrnoException
  const isUsage = error instanceof UsageError || code.startsWith('ERR_PARSE_ARGS')
  process.stderr.write(`throughline: ${message}\n${isUsage ? `\n${USAGE}` : ''}`)
  process.exitCode = isUsage ? 2 : 1
}

// Not top-level await, which the CommonJS build does not have.
main().catch(fail)
