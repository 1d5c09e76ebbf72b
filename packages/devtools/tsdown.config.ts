import { defineConfig } from 'tsdown'
import { packageBuild } from '../../tsdown.base.ts'

export default defineConfig(
  packageBuild({
    index: 'src/index.ts',
    cli: 'src/cli.ts',
  }),
)
