import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const TESTS = '{spec,generators,harness,reference-impl,reports,bench,bin,docs}/**/*';

/** Takes by far the longest, and does so before its first test: begun last, it would keep one processor busy alone. */
const LONGEST = 'harness/cases/suite.test.ts';

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLongest = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith(LONGEST);
    // oxlint-disable-next-line unicorn/no-array-sort -- no array's, but vitest's own, which gives a new one
    const sorted = await super.sort(files);
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))];
  }
}

// What needs minutes is named `x.long.test.ts`: `npm test` leaves it out, and `npm run test:long` runs nothing else.
export default defineConfig(({ mode }) => ({
  test: {
    include: [mode === 'long' ? `${TESTS}.long.test.ts` : `${TESTS}.test.ts`],
    exclude: mode === 'long' ? [] : ['**/*.long.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: availableParallelism(),
    sequence: { sequencer: LongestFirst },
    // A worker's test files share their modules, whose loading would cost more than most tests do. A file that changes
    // what outlives it puts it back.
    isolate: mode === 'long',
    // Most of what tests allocate is garbage at once: collecting it less often saves a tenth of the time, and in tests
    // of images half.
    execArgv: ['--initial-heap-size=512', '--min-semi-space-size=32'],
    coverage: {
      include: ['{spec,generators,harness,reference-impl,reports}/**/*.ts'],
      exclude: ['**/*.test.ts', '**/generated/**'],
    },
  },
}));
