import { expect, test } from 'vitest';
import { needsKey, observed, testObserved } from './testing/observed-transcripts.ts';

testObserved(observed.filter((one) => !needsKey(one)));

test('few are left to the long tier', () => {
  expect(observed.filter(needsKey).length).toBeLessThan(5);
});
