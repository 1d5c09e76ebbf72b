import { defineConfig } from 'tsdown'
import { packageBuild } from '../../tsdown.base.ts'

export default defineConfig(
  packageBuild({
    index: 'src/index.ts',
    vitest: 'src/vitest.ts',
    jest: 'src/jest.ts',
    node: 'src/node.ts',
    conformance: 'src/conformance/index.ts',
  }),
)
