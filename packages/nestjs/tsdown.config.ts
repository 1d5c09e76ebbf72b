import { defineConfig } from 'tsdown'
import { packageBuild } from '../../tsdown.base.ts'

export default defineConfig(
  packageBuild({
    index: 'src/index.ts',
    kafka: 'src/kafka/index.ts',
    'nest-add': 'src/nest-add/index.ts', // run by `nest add`
  }),
)
