export { bindTask } from './bind-task.ts'
export { boundWorker } from './bound-worker.ts'
export type { BoundTask } from './bind-task.ts'
