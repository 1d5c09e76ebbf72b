export { traceBossJob } from './batch-item.ts'
export { tracePgBoss } from './trace-pg-boss.ts'
export type { PgBossTracingOptions } from './trace-pg-boss.ts'
