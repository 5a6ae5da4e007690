/** How long what is waited for, and waiting no longer than that. */

/** Milliseconds, in the endpoint's own time where that is virtual; but for `caseTimeout`, which is the clock's. */
export interface TimeLimits {
  /** A whole case or program. */
  readonly caseTimeout: number;
  /** One answer; a client adds what the request's size needs. An endpoint that takes longer hangs. */
  readonly answerTimeout: number;
  /** From the start of a program to its greeting. */
  readonly startTimeout: number;
  /** An event that a case waits for. */
  readonly eventTimeout: number;
}

/** The limits of a run that was given none, in milliseconds. */
export const DEFAULT_TIME_LIMITS: TimeLimits = {
  caseTimeout: 30_000,
  answerTimeout: 30_000,
  startTimeout: 20_000,
  eventTimeout: 5_000,
};

/** Completes the given limits by the defaults. Where only the limit of a case is given, one answer may take all of it. */
export function timeLimits(given: Partial<TimeLimits> = {}): TimeLimits {
  const { caseTimeout = DEFAULT_TIME_LIMITS.caseTimeout } = given;
  return { ...DEFAULT_TIME_LIMITS, answerTimeout: caseTimeout, ...given };
}

/** Milliseconds after which an endpoint that does not answer a step of a program hangs. */
const HANG_MS = 3_000;
/** A whole program may take so many times as long as one answer. */
const ANSWERS = 10;

/** The limits of programs, from the one for an answer. */
export function programLimits(answerTimeout = HANG_MS): TimeLimits {
  const caseTimeout = ANSWERS * answerTimeout;
  return { ...DEFAULT_TIME_LIMITS, caseTimeout, answerTimeout, eventTimeout: answerTimeout };
}

/** Commands that a pace which the endpoint dictates leaves time for in each case; few cases send more. */
const PACED_COMMANDS = 1_000;

/** How long a case may take at a pace of one command in `interval` milliseconds: the pace takes nothing from its time. */
export function pacedCaseTimeout({ caseTimeout }: Pick<TimeLimits, 'caseTimeout'>, interval = 0): number {
  return caseTimeout + PACED_COMMANDS * interval;
}

/** How long a step of a replayed transcript waits, in milliseconds, where the step does not say it. */
export const REPLAY_TIME_LIMITS = {
  answer: 20_000,
  event: 8_000,
  /** The end of the endpoint after it was told to quit. */
  end: 10_000,
} as const;

/**
 * What `promise` gives, or `late` after `milliseconds`. Leaves no timer behind that keeps the process alive.
 */
export async function within<T>(milliseconds: number, promise: Promise<T>, late: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late), milliseconds);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
