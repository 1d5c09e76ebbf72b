import { withSpan } from '@throughline/core'
import { bindTask, boundWorker } from '@throughline/worker/in-process'
import fastq from 'fastq'

// By itself, fastq would work on both orders in the trace of the first one.
const queue = fastq.promise(
  boundWorker(async (order: number) => withSpan(`pack ${order}`, async () => {})),
  1,
)
const packed = [7, 8].map((order) =>
  withSpan(`POST /orders ${order}`, () => queue.push(bindTask(order))),
)
await Promise.all(packed)
