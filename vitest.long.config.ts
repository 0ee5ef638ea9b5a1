import { defineConfig } from 'vitest/config'

/** What takes longer than a developer waits for; `.ci/run` runs it too. */
export default defineConfig({
  test: {
    include: ['test/long/**/*.test.ts'],
    globalSetup: ['test/setup/node-version.ts', 'test/setup/postgres-global.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
})
