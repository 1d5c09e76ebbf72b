export { traceBossJob } from './batch-item.ts'
export { tracePgBoss } from './trace-pg-boss.ts'
export type { PgBossLike, PgBossTracingOptions } from './trace-pg-boss.ts'
