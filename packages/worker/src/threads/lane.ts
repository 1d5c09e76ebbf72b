import {
  BroadcastChannel,
  receiveMessageOnPort,
  threadId,
  type MessagePort,
} from 'node:worker_threads'
import { runDetached } from '@throughline/core'

/**
 * Whoever opens a `BroadcastChannel` also receives what everybody else sends on it, and a pool's idle thread, asleep in
 * `Atomics.wait`, would pile that up. So a thread sends on a lane of its own, as long as the ids of the threads that live
 * are this close to each other.
 */
const LANES = 64

/** The names of the channels that a listening thread has to open. */
export function laneNames(channel: string): string[] {
  return Array.from({ length: LANES }, (_, lane) => laneName(channel, lane))
}

function laneName(channel: string, lane: number): string {
  return `${channel}:${lane}`
}

// They stay open: a channel that is closed goes on receiving until the event loop turns, and in a busy thread of a pool it
// never does.
const lanes = new Map<string, BroadcastChannel>()

/** Where this thread sends what is for the listener on that channel. */
export function laneTo(channel: string): BroadcastChannel {
  let lane = lanes.get(channel)
  if (!lane) lanes.set(channel, (lane = runDetached(() => openLane(channel))))
  drain(lane) // of what another thread sent that has the same one
  return lane
}

function openLane(channel: string): BroadcastChannel {
  const lane = new BroadcastChannel(laneName(channel, threadId % LANES))
  lane.unref()
  return lane
}

/** Takes all that has arrived, at once. */
export function drain(lane: BroadcastChannel, take?: (message: unknown) => void): void {
  // Node takes either kind here; its types know only ports.
  const port = lane as unknown as MessagePort
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
    take?.(next.message)
  }
}
