import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{spec,generators,harness,reference-impl,reports,bench,bin,docs}/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    coverage: {
      include: ['{spec,generators,harness,reference-impl,reports}/**/*.ts'],
      exclude: ['**/*.test.ts', '**/generated/**'],
    },
  },
});
