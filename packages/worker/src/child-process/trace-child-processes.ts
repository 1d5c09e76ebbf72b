import { SpanKind, context, type Attributes } from '@opentelemetry/api'
import {
  ATTR,
  checkOption,
  guard,
  resolveTracing,
  startOperation,
  type AttributesHook,
  type Operation,
  type Tracing,
  type TracingOptions,
} from '@throughline/core/integration'
import { isTracingSuppressed, suppressTracing } from '@throughline/core/propagation'
import * as childProcess from 'node:child_process'
import { errorMonitor, type EventEmitter } from 'node:events'
import { promisify } from 'node:util'
import { SCOPE } from '../scope.ts'
import { takeApart, type ProcessCall, type ProcessFunction } from './call.ts'
import { envIn } from './environment.ts'

/** A process that is over: what the `attributes` option is asked with. */
export interface ProcessActivity {
  readonly executable: string
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  /** Why it could not be started. */
  readonly error?: unknown
}

export interface ChildProcessTracingOptions extends TracingOptions {
  /**
   * Programs not to trace, by their name; they get no context either.
   * @defaultValue every program is traced
   */
  readonly ignore?: (executable: string) => boolean
  /**
   * A name instead of the program's; `undefined` keeps that one.
   * @defaultValue the program's name
   */
  readonly spanName?: (executable: string) => string | undefined
  /**
   * Extra attributes, asked for once a span, at its end.
   * @defaultValue none
   */
  readonly attributes?: AttributesHook<[ProcessActivity]>
  /**
   * Whether to record the arguments (`process.command_args`). They may hold passwords, tokens and personal data.
   * @defaultValue `false`
   */
  readonly captureArgs?: boolean
}

/** Functions of `node:child_process`, traced. */
export type TracedChildProcess = Pick<typeof childProcess, ProcessFunction>

type Settings = Tracing & Omit<ChildProcessTracingOptions, 'tracerProvider' | 'propagator'>
type Call = (...args: any[]) => any

/**
 * Answers `spawn`, `exec`, `execFile` and `fork` of `node:child_process`, traced: a CLIENT span from the start to the exit of
 * the process, with its exit code, and the context in its environment, for `contextFromEnv` over there. Arguments are not
 * recorded. Results, errors and types are Node's own, and so is `promisify` of them.
 *
 * @example
 * ```ts
 * const { spawn } = traceChildProcesses()
 * spawn('convert', ['in.png', 'out.jpg'])
 * ```
 */
export function traceChildProcesses(options: ChildProcessTracingOptions = {}): TracedChildProcess {
  const owner = 'traceChildProcesses'
  checkOption(owner, 'ignore', options.ignore, 'function')
  checkOption(owner, 'spanName', options.spanName, 'function')
  checkOption(owner, 'attributes', options.attributes, 'function')
  checkOption(owner, 'captureArgs', options.captureArgs, 'boolean')
  const { spawn, exec, execFile, fork } = childProcess
  const tracing = resolveTracing(SCOPE, owner, options)
  if (options.enabled === false) return { spawn, exec, execFile, fork }
  const settings: Settings = { ...options, ...tracing }
  return {
    spawn: traced(settings, 'spawn', spawn),
    exec: withPromise(traced(settings, 'exec', exec)),
    execFile: withPromise(traced(settings, 'execFile', execFile)),
    fork: traced(settings, 'fork', fork),
  }
}

function traced<F extends Call>(settings: Settings, name: ProcessFunction, fn: F): F {
  function call(this: unknown, ...args: unknown[]): childProcess.ChildProcess {
    const active = context.active()
    const run = (): childProcess.ChildProcess => fn.apply(this, args)
    if (isTracingSuppressed(active)) return run()
    const parts = guard('Reading the start of a process', takeApart, name, args)
    if (!parts) return run()
    if (settings.ignore && guard('The hook "ignore"', settings.ignore, parts.executable) === true) {
      return context.with(suppressTracing(active), run)
    }
    const operation = start(settings, parts)
    const env = envIn(operation.context, parts.env ?? process.env, settings)
    try {
      const child = operation.run(() => fn.apply(this, parts.withEnv(env)))
      return watch(settings, operation, parts, child)
    } catch (error) {
      operation.fail(error)
      throw error
    }
  }
  return Object.defineProperties(call, {
    length: { value: fn.length, configurable: true },
    name: { value: name, configurable: true },
  }) as unknown as F
}

/** `cli` semantic conventions 1.44 (development): the caller's side. */
function start(settings: Settings, { executable, args }: ProcessCall): Operation {
  const attributes: Attributes = { [ATTR.processExecutableName]: executable }
  if (settings.captureArgs) attributes[ATTR.processCommandArgs] = [...args]
  const hook = settings.spanName
  const name = (hook && guard('The hook "spanName"', hook, executable)) || executable
  const options = { kind: SpanKind.CLIENT, attributes }
  return startOperation(settings.tracer, name, options, context.active())
}

function watch(
  settings: Settings,
  operation: Operation,
  { executable }: ProcessCall,
  child: childProcess.ChildProcess,
): childProcess.ChildProcess {
  if (child.pid !== undefined) operation.set({ [ATTR.processPid]: child.pid })
  const describe = (activity: ProcessActivity): void => {
    if (!settings.attributes || !operation.recording) return
    operation.set(guard('The hook "attributes"', settings.attributes, activity))
  }
  // A listener for "error" itself would hide from Node that nobody else listens.
  const monitored: EventEmitter = child
  monitored.once(errorMonitor, (error: unknown) => {
    if (child.pid !== undefined) return // a failed kill or message: its exit tells how it ended
    describe({ executable, exitCode: null, signal: null, error })
    operation.fail(error)
  })
  child.once('exit', (exitCode, signal) => {
    if (exitCode !== null) operation.set({ [ATTR.processExitCode]: exitCode })
    describe({ executable, exitCode, signal })
    if (exitCode !== 0) operation.error({ type: signal ?? String(exitCode) })
    operation.end()
  })
  return child
}

/** As Node's own: the promise has the process, and the error has the output. */
function withPromise<F extends Call>(fn: F): F {
  const custom = (...args: unknown[]): Promise<unknown> => {
    let child: unknown
    const promise = new Promise((resolve, reject) => {
      child = fn(...args, (error: object | null, stdout: unknown, stderr: unknown) => {
        if (error) reject(Object.assign(error, { stdout, stderr }))
        else resolve({ stdout, stderr })
      })
    })
    return Object.assign(promise, { child })
  }
  return Object.defineProperty(fn, promisify.custom, { value: custom })
}
