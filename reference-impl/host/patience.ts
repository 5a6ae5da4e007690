/**
 * How long peers are waited for: as long as what they are asked for may take, and no more than a second once the endpoint
 * ends, which must come to its end whatever they do.
 */
import type { Clock } from './clock.ts';
import type { HostWork } from './host-work.ts';

/** How long it may take until a peer that is connected to can be asked for something, in nanoseconds. */
export const CONNECT_PATIENCE = 30_000_000_000n;
/** How long a peer is still waited for when the endpoint ends, in nanoseconds. */
const LAST_PATIENCE = 1_000_000_000n;

/** What those who wait are given. */
export interface Waiting {
  readonly clock: Clock;
  readonly hostWork: HostWork;
}

/**
 * Calls back once after so many nanoseconds, or when a peer is not waited for any longer; without `patience` only then. The
 * result cancels it.
 */
export function afterPatience(
  { clock, hostWork }: Waiting,
  patience: bigint | undefined,
  giveUp: () => void,
): () => void {
  const due = patience === undefined ? undefined : clock.now() + patience;
  let cancel = (): void => {};
  const wait = (): void => {
    cancel();
    let left = due === undefined ? undefined : due - clock.now();
    if (hostWork.isEnding && (left === undefined || left > LAST_PATIENCE)) left = LAST_PATIENCE;
    if (left === undefined) return;
    cancel = clock.after(left, () => {
      forget();
      giveUp();
    });
  };
  const forget = hostWork.onEnd(wait);
  wait();
  return () => {
    forget();
    cancel();
  };
}

/**
 * Does what may take so many nanoseconds, or any time without `patience`: its signal ends it then, for the reason that `late` gives. Whoever holds `ending`
 * may end it before.
 */
export async function inTime<T>(
  waiting: Waiting,
  patience: bigint | undefined,
  work: (signal: AbortSignal) => Promise<T>,
  late: () => Error = () => new Error('Connection timed out'),
  ending: AbortController = new AbortController(),
): Promise<T> {
  const cancel = afterPatience(waiting, patience, () => ending.abort(late()));
  try {
    return await work(ending.signal);
  } finally {
    cancel();
  }
}

/** What `work` gives, or the signal's reason as soon as that ends it: of what cannot be ended itself. */
export async function unlessEnded<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let end = (): void => {};
  const ended = new Promise<never>((_, reject) => {
    end = () => reject(signal.reason as Error);
  });
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  try {
    return await Promise.race([work, ended]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}
