/**
 * Waiting for an endpoint in its own time. A real endpoint is waited for by the clock; for an embedded one on a
 * virtual clock, waiting is what lets time pass, and nothing is left to wait for once enough of it has passed.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { TimeoutError } from '../qmp/errors.ts';
import type { Endpoint, ExitInfo } from '../targets/target.ts';
import { within } from '../time-limits.ts';

/** A dying process closes its connections first; its end is waited for this many milliseconds. */
const DEATH_MS = 1_000;

/** How an endpoint ended that seems to have; null if it lives on, or its end cannot be seen. */
export function endOf({ exited }: Endpoint): Promise<ExitInfo | null> {
  return within<ExitInfo | null>(DEATH_MS, exited, null);
}

/** Turns of the event loop that a prompt answer may take before virtual time is spent on it. */
const PROMPT_TURNS = 4;

/** Virtual time passes in steps of at most so many milliseconds. */
const LONGEST_STEP_MS = 100;

const measured = new WeakSet<Endpoint>();

/** While `act` runs, virtual time stops as soon as what is waited for is there: it tells how long that took. */
export async function measuring<T>(endpoint: Endpoint, act: () => Promise<T>): Promise<T> {
  measured.add(endpoint);
  try {
    return await act();
  } finally {
    measured.delete(endpoint);
  }
}

/**
 * Awaits what `begin` starts. On a virtual clock time passes until it is there; after `milliseconds` of it the
 * signal given to `begin` is aborted with a `TimeoutError`.
 */
export async function awaitFrom<T>(
  endpoint: Endpoint,
  what: string,
  milliseconds: number,
  begin: (signal?: AbortSignal) => Promise<T>,
): Promise<T> {
  if (endpoint.virtualTime !== true) return begin();
  const controller = new AbortController();
  const progress = { settled: false };
  const result = begin(controller.signal).finally(() => {
    progress.settled = true;
  });
  // The caller sees a rejection through `result`; while time passes here it must not count as unhandled.
  result.catch(() => undefined);
  for (let i = 0; i < PROMPT_TURNS && !progress.settled; i += 1) await turn();
  let step = 0;
  for (let spent = 0; !progress.settled && spent <= milliseconds; spent += step) {
    await endpoint.settle(step, measured.has(endpoint) ? () => progress.settled : undefined);
    step = Math.min(step * 2 + 1, LONGEST_STEP_MS);
  }
  if (!progress.settled) controller.abort(new TimeoutError(what, milliseconds));
  return result;
}
