/** Values that campaigns, their threads and replays agree on. */
import { DEFAULT_TIME_LIMITS, type TimeLimits } from '../time-limits.ts';

/** Milliseconds after which an endpoint that does not answer hangs. */
const HANG_MS = 3_000;
/** A whole program may take so many times as long as one answer. */
const ANSWERS = 10;

/** Time limits of programs, from the one for an answer. */
export function programLimits(answerTimeout = HANG_MS): TimeLimits {
  const caseTimeout = ANSWERS * answerTimeout;
  return { ...DEFAULT_TIME_LIMITS, caseTimeout, answerTimeout, eventTimeout: answerTimeout };
}

/** Budget and seed of `--ci`. */
export const CI_COMMANDS = 3_000;
export const CI_SEED = 'ci';
