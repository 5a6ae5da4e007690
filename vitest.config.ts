import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const TESTS = '{spec,generators,harness,reference-impl,reports,bench,bin,docs}/**/*';

// What needs minutes is named `x.long.test.ts`: `npm test` leaves it out, and `npm run test:long` runs nothing else.
export default defineConfig(({ mode }) => ({
  test: {
    include: [mode === 'long' ? `${TESTS}.long.test.ts` : `${TESTS}.test.ts`],
    exclude: mode === 'long' ? [] : ['**/*.long.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: availableParallelism(),
    coverage: {
      include: ['{spec,generators,harness,reference-impl,reports}/**/*.ts'],
      exclude: ['**/*.test.ts', '**/generated/**'],
    },
  },
}));
