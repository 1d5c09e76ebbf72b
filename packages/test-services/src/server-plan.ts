import type { ServiceName, StartContext } from './service.ts'

/** All that is needed to run one server. */
export interface ServerPlan {
  readonly name: ServiceName
  /** Holds the server's data, configuration and log. Removed when the server is stopped. */
  readonly folder: string
  /** How many free ports the server needs; clients use the first. */
  readonly portCount: number
  /** First signal on a stop; SIGKILL follows. */
  readonly stopSignal: 'TERM' | 'QUIT' | 'KILL'
  /** Writes the configuration for these ports, and returns the program with its arguments. */
  command(ports: readonly number[]): Promise<readonly string[]>
  /** The command for a start after a kill, when it differs. */
  readonly commandAgain?: readonly string[]
  /** Name of the Docker container the command runs. */
  readonly container?: string
  /** Whether an answer with this identity comes from the process with this id. */
  isOurs?(identity: string, pid: number): boolean
}

/** One way to come by a server. */
export interface Way {
  /** What it is called in messages, such as `Docker`. */
  readonly how: string
  /** Makes ready what the way needs, in `folder`. Throws the reason when the way is closed. */
  prepare(context: StartContext, folder: string): Promise<ServerPlan>
}
