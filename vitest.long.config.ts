import { defineConfig } from 'vitest/config'
import { THOROUGH } from './test/setup/both-stores.ts'

const shared = { pool: 'forks', testTimeout: 120_000, hookTimeout: 60_000 } as const

/** What takes longer than a developer waits for; `.ci/run` runs it too. */
export default defineConfig({
  test: {
    globalSetup: ['test/setup/node-version.ts', 'test/setup/postgres-global.ts'],
    maxWorkers: 2,
    projects: [
      { test: { ...shared, name: 'long', include: ['test/long/**/*.test.ts'] } },
      {
        // `npm test` runs the quick ones there.
        test: {
          ...shared,
          name: 'PostgreSQL',
          isolate: false,
          include: THOROUGH.map((name) => `test/${name}.test.ts`),
          env: { TEST_STORE: 'postgres' },
        },
      },
    ],
  },
})
