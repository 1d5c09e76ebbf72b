import { setTimeout as wait } from 'node:timers/promises'
import { answer } from './answer.ts'
import { startKeeper } from './keeper-start.ts'
import { isRunning, processStart } from './process-identity.ts'
import { addressVariables, serviceNames, usualServices, type ServiceName } from './service.ts'
import { readState, removeState, type ServiceRecord, type ServicesState } from './state-file.ts'

type Print = (line: string) => void

const usage = `Usage: pnpm services up [${serviceNames.join('|')}...] | down | status`
const stopLimit = 5_000

/** Runs `up`, `down` or `status` and returns the exit code. */
export async function runCli(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  print: Print,
): Promise<number> {
  const [command, ...names] = args
  const unknown = names.find((name) => !serviceNames.includes(name as ServiceName))
  if (unknown !== undefined) print(`There is no service "${unknown}".`)
  else if (command === 'up') return up(names as ServiceName[], env, print)
  else if (command === 'down') return down(env, print)
  else if (command === 'status') return status(env, print)
  print(usage)
  return 2
}

async function up(
  names: readonly ServiceName[],
  env: NodeJS.ProcessEnv,
  print: Print,
): Promise<number> {
  const wanted = names.length > 0 ? names : usualServices
  const state = await readState(env)
  if (!state) {
    const problem = await startKeeper(wanted, env, print)
    if (problem !== undefined) {
      print(problem)
      return 1
    }
    return status(env, print)
  }
  const here = new Set(state.services.map((service) => service.name))
  const missing = wanted.filter((name) => !here.has(name))
  if (missing.length === 0) return status(env, print)
  print(`Up already, but without ${missing.join(' and ')}: run "pnpm services down" first.`)
  return 1
}

async function status(env: NodeJS.ProcessEnv, print: Print): Promise<number> {
  const state = await readState(env)
  if (!state) {
    print('No services are up.')
    return 1
  }
  if (state.services.length === 0) {
    print('Services are on their way up.')
    return 1
  }
  const healthy = await Promise.all(state.services.map((service) => report(service, print)))
  print('')
  for (const { name, address } of state.services) print(`${addressVariables[name]}=${address}`)
  return healthy.every(Boolean) ? 0 : 1
}

async function report(service: ServiceRecord, print: Print): Promise<boolean> {
  const { name, address, how, pid } = service
  const healthy = await answer[name](address).then(
    () => true,
    () => false,
  )
  const process = pid ? `, process ${pid}${isRunning(pid) ? '' : ' has ended'}` : ''
  print(`${name.padEnd(9)} ${healthy ? 'answers' : 'does not answer'} (${how}${process})`)
  return healthy
}

async function down(env: NodeJS.ProcessEnv, print: Print): Promise<number> {
  const state = await readState(env)
  if (!state) {
    print('No services are up.')
    return 0
  }
  process.kill(state.pid, 'SIGTERM')
  // Killed, the keeper leaves its servers to their guards, which end them.
  if (!(await ended(state))) process.kill(state.pid, 'SIGKILL')
  await ended(state)
  await removeState(env)
  print(`Stopped ${state.services.map((service) => service.name).join(', ') || 'the start'}.`)
  return 0
}

async function ended({ pid, started }: ServicesState): Promise<boolean> {
  const limit = AbortSignal.timeout(stopLimit)
  while (processStart(pid) === started) {
    if (limit.aborted) return false
    await wait(20)
  }
  return true
}
