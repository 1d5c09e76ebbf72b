import type { TraceState as ApiTraceState } from '@opentelemetry/api'
import { isKey, isValue, scanList, type Member } from './trace-state-list.ts'

/** W3C trace context level 2, 3.3: a list has this many members at most. */
const MAX_MEMBERS = 32

/**
 * The `tracestate` of a trace, strictly by W3C trace context level 2: 32 members, keys and values of 256 characters of
 * their grammar, the most recent first. A list that breaks a rule counts as empty. Nothing is parsed before it is asked
 * for. Immutable.
 *
 * It also carries the flags that the trace came with: SDKs make new flags for each span and hand the state on as it is,
 * so this is where the random flag survives them.
 */
export class TraceState implements ApiTraceState {
  /** The flags that a remote parent sent, or -1 where the trace has none. */
  readonly remoteFlags: number
  readonly #raw: string
  #text: string | undefined
  #members: readonly Member[] | undefined

  constructor(raw: string = '', remoteFlags: number = -1) {
    this.#raw = raw
    this.remoteFlags = remoteFlags
  }

  get(key: string): string | undefined {
    return this.#list().find((member) => member[0] === key)?.[1]
  }

  /** A state with this member in front; the right-most goes where there would be too many. An illegal one changes nothing. */
  set(key: string, value: string): TraceState {
    if (!isKey(key) || !isValue(value)) return this
    const others = this.#list().filter((member) => member[0] !== key)
    return this.#with([[key, value], ...others.slice(0, MAX_MEMBERS - 1)])
  }

  unset(key: string): TraceState {
    const others = this.#list().filter((member) => member[0] !== key)
    return others.length === this.#list().length ? this : this.#with(others)
  }

  serialize(): string {
    return (this.#text ??= scanList(this.#raw, MAX_MEMBERS))
  }

  #list(): readonly Member[] {
    return (this.#members ??= split(this.serialize()))
  }

  #with(members: readonly Member[]): TraceState {
    const state = new TraceState('', this.remoteFlags)
    state.#members = members
    state.#text = members.map(([key, value]) => `${key}=${value}`).join(',')
    return state
  }
}

const EMPTY: (TraceState | undefined)[] = []

/** The state of a trace that came with these flags and no `tracestate`. */
export function emptyTraceState(remoteFlags: number): TraceState {
  return (EMPTY[remoteFlags] ??= new TraceState('', remoteFlags))
}

/** The flags that a remote parent sent with this trace, or -1. */
export function remoteFlagsOf(state: ApiTraceState | undefined): number {
  // By shape and not by class: another copy of this package has another class.
  const flags = (state as { remoteFlags?: unknown } | undefined)?.remoteFlags
  return typeof flags === 'number' ? flags : -1
}

function split(list: string): readonly Member[] {
  if (list === '') return []
  return list.split(',').map((member) => {
    const equals = member.indexOf('=')
    return [member.slice(0, equals), member.slice(equals + 1)]
  })
}
