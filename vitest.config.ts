import { defineConfig } from 'vitest/config'

// Tests load the packages from their sources, so none of them needs a build.
const ssr = {
  resolve: { conditions: ['@throughline/source', 'module', 'node', 'development|production'] },
}
const full = process.env['THROUGHLINE_FULL'] === '1'
const heavy = full ? [] : ['**/*.full.test.ts']

export default defineConfig({
  test: {
    projects: [
      {
        ssr,
        test: {
          name: 'unit',
          maxWorkers: 2, // by default vitest leaves a core free, which on two cores is half of them
          include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['**/*.int.test.ts', '**/*.full.test.ts', '**/node_modules/**'],
          testTimeout: 20_000, // some start processes of their own, which takes a while on a busy machine
          hookTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ssr,
        test: {
          name: 'integration',
          include: ['packages/*/test/**/*.int.test.ts', 'packages/*/test/**/*.full.test.ts'],
          exclude: [...heavy, '**/node_modules/**'],
          globalSetup: ['packages/test-services/src/vitest.ts'],
          pool: 'forks',
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // These start the built services as processes of their own, one demo at a time.
        ssr,
        test: {
          name: 'end-to-end',
          include: ['examples/*/test/**/*.test.ts'],
          exclude: [...heavy, '**/node_modules/**'],
          pool: 'forks',
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
