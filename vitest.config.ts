import { defineConfig } from 'vitest/config'
import { QUICK } from './test/setup/both-stores.ts'

const shared = {
  pool: 'forks',
  // What a file loads the next one finds loaded: loading it anew for each took longer than most of them run.
  isolate: false,
  testTimeout: 30_000,
  hookTimeout: 60_000,
} as const

export default defineConfig({
  test: {
    // Here, so that there is one PostgreSQL for all of them.
    globalSetup: ['test/setup/node-version.ts', 'test/setup/postgres-global.ts'],
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...shared,
          name: 'all',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'sdk/test/**/*.test.ts'],
          // `npm run test:long` runs those.
          exclude: ['test/long/**'],
        },
      },
      {
        // What money depends on, once more on the other store: servers that name no database get one of PostgreSQL.
        test: {
          ...shared,
          name: 'PostgreSQL',
          include: QUICK.map((name) => `test/${name}.test.ts`),
          env: { TEST_STORE: 'postgres' },
        },
      },
    ],
  },
})
