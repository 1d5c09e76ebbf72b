import { defineConfig } from 'tsdown'
import { packageBuild } from '../../tsdown.base.ts'

export default defineConfig(
  packageBuild({
    index: 'src/index.ts',
    propagation: 'src/propagation/index.ts',
    http: 'src/http/index.ts',
    messaging: 'src/messaging/index.ts',
    logging: 'src/logging/index.ts',
    integration: 'src/integration.ts',
  }),
)
