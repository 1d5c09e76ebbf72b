import { defineConfig } from 'tsdown'
import { packageBuild } from '../../tsdown.base.ts'

export default defineConfig(
  packageBuild({
    index: 'src/index.ts',
    bullmq: 'src/bullmq/index.ts',
    threads: 'src/threads/index.ts',
    schedule: 'src/schedule/index.ts',
    'child-process': 'src/child-process/index.ts',
    'pg-boss': 'src/pg-boss/index.ts',
    'graphile-worker': 'src/graphile-worker/index.ts',
    'in-process': 'src/in-process/index.ts',
  }),
)
