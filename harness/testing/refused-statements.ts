/**
 * What the types of a case's statements refuse. Nothing here runs: each line below a `@ts-expect-error` is one that `tsc -b`
 * must not take, and it fails where it does.
 */
import type { CaseContext } from '../cases/case.ts';

export function statements(t: CaseContext, size: number): void {
  // @ts-expect-error what was found, not what is required
  t.check(size > 0, 'the file is empty', 'it is');
  // @ts-expect-error what is required, and not what came instead
  t.check(size > 0, 'the file must not be empty');
  // @ts-expect-error a value without a statement
  t.equal(size, 1, `${size} bytes`);
  // @ts-expect-error an assertion
  t.contains({ size }, { size: 1 }, 'so has the file');
  t.equal(size, 1, `a file of ${size} bytes must be one byte long`);
}
