import { defineConfig } from 'vitest/config'

// Tests load the packages from their sources, so none of them needs a build.
const ssr = {
  resolve: { conditions: ['@throughline/source', 'module', 'node', 'development|production'] },
}

export default defineConfig({
  test: {
    projects: [
      {
        ssr,
        test: {
          name: 'unit',
          include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['**/*.int.test.ts', '**/node_modules/**'],
        },
      },
      {
        ssr,
        test: {
          name: 'integration',
          include: ['packages/*/test/**/*.int.test.ts'],
          globalSetup: ['packages/test-services/src/vitest.ts'],
          pool: 'forks',
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        ssr,
        test: {
          name: 'end-to-end',
          include: ['examples/*/test/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
