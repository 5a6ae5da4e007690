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
