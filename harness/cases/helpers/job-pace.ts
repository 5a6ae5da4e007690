/** How far jobs get in a given time: their speed as it is measured, not as they report it. */
import type { CaseContext } from '../case.ts';
import { jobInfo } from './job-steps.ts';
import { MiB } from './shared-setup.ts';

/** What a job may copy before its limit holds it: no less than any known one does. */
export const BUFFER = 2 * MiB;

/** How long a job is watched, in milliseconds of the endpoint's time. */
const watched = (t: CaseContext): number => (t.virtualTime ? 4_000 : 300);

/** Bytes that a job has done. */
export async function offsetOf(t: CaseContext, id: string): Promise<number> {
  return Number((await jobInfo(t, id)).offset);
}

/**
 * States that a job that started at `since` (milliseconds) with `from` bytes done gets on, and not faster than `speed`. Real
 * time is what really passed, so that a slow machine is not taken for a fast job. `share`: of its limit, what it should use
 * where time is virtual.
 */
export async function checkPace(
  t: CaseContext,
  id: string,
  speed: number,
  since: number,
  { from = 0, buffer = BUFFER, share = 0.25 } = {},
): Promise<void> {
  const wanted = watched(t);
  await t.elapse(wanted);
  const offset = await offsetOf(t, id);
  const passed = t.virtualTime ? wanted : performance.now() - since;
  const most = from + (speed * passed) / 1000 + buffer;
  t.check(
    offset <= most,
    `a job must not copy more than ${speed} bytes a second and one buffer`,
    `it did ${offset - from} bytes in ${Math.round(passed)} ms`,
  );
  if (t.virtualTime)
    t.check(
      offset - from >= ((speed * passed) / 1000) * share,
      'a job should come near its speed where nothing else holds it',
      `it did ${offset - from} bytes in ${passed} ms at ${speed} bytes a second`,
      { severity: 'should' },
    );
}
