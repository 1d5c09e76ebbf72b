import { once } from 'node:events'
import { describeSendConformance } from '@throughline/testing/conformance'
import { describe, test } from 'vitest'
import { traceChildProcesses } from '../src/child-process/index.ts'

// To start a process is to send. The other functions of `/child-process`, those of `/threads` and those of `/in-process`
// only bring a context somewhere: they make no span and take no options, so that the contract says nothing of them.

// Says what environment it got, waits to hear how it is to end, and ends so.
const SCRIPT = 'env; read code; exit $code'

describeSendConformance(
  {
    name: 'spawn of traceChildProcesses',
    scope: { name: '@throughline/worker', version: '0.1.0' },
    span: { kind: 'CLIENT', attributes: ['process.executable.name'] },
    timeoutMs: 10_000, // fifty processes at once
    except: {
      existing: 'a context in the environment may be left there by a process above: it is replaced',
      semconv: 'those of processes are neither of HTTP nor of messaging',
    },

    start(options, arrive) {
      const { spawn } = traceChildProcesses(options)
      return {
        message: (id, headers): Parameters<typeof spawn> => {
          const entries = Object.entries(headers).map(([name, value]) => [envName(name), value])
          return ['/bin/sh', ['-c', SCRIPT, id], { env: Object.fromEntries(entries) }]
        },
        async send(args) {
          const child = spawn(...args)
          const closed = once(child, 'close')
          const [text] = await once(child.stdout!, 'data')
          const arrived = arrive(args[1].at(-1)!, headersOf(String(text)))
          child.stdin!.end(
            await arrived.then(
              () => '0\n',
              () => '3\n',
            ),
          )
          const [code] = await closed
          if (code !== 0) throw new Error(`ended with ${code}`)
        },
        stop: () => {},
      }
    },
  },
  { describe, test },
)

function envName(header: string): string {
  return header.toUpperCase().replaceAll('-', '_')
}

function headersOf(env: string): Record<string, string> {
  const lines = env.split('\n').map((line) => line.split('=', 2) as [string, string])
  return Object.fromEntries(lines.map(([name, value]) => [name.toLowerCase(), value]))
}
