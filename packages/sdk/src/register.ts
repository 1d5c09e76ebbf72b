// For `node --import @throughline/sdk/register app.js`.
import { isMainThread } from 'node:worker_threads'
import { startTracing } from './start-tracing.ts'

// The flag is inherited by worker threads. Their spans reach this process's exporter through the main thread, so that a
// thread needs no exporter of its own, whose spans would be lost when a pool is destroyed.
if (isMainThread) startTracing()
