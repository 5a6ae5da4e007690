/**
 * Ratios measured in one run: both sides are timed in turns, so that a slow moment of the machine hits both, and the
 * median of the rounds counts.
 */

export interface Measurement {
  /** Slug of the claim. */
  readonly id: string;
  readonly title: string;
  /** Time of the peer divided by ours: 2 means that we are twice as fast. */
  readonly ratio: number;
  /** The least ratio that the project promises. */
  readonly claim: number;
  /** Medians of one round, ours and the peer's, in `unit`. */
  readonly ours: number;
  readonly peer: number;
  /** Default: seconds. The fewer the better in any case. */
  readonly unit?: 'MB';
  /** What one round is. */
  readonly round: string;
}

/** How much a benchmark does. */
export interface Scale {
  /** How often both sides are timed. */
  readonly rounds: (full: number) => number;
  /** Size of one round: steps, values, bytes … */
  readonly amount: (full: number) => number;
}

/** All that the figures need. */
export const FULL: Scale = { rounds: (full) => full, amount: (full) => full };

/** Just enough to see that a benchmark ends; its figures mean nothing. Powers of two stay such: images stay aligned. */
export const SMOKE: Scale = { rounds: () => 1, amount: (full) => Math.ceil(full / 64) };

export interface Benchmark {
  /** Null if it can be measured here, else why not. */
  unavailable(): Promise<string | null>;
  measure(scale: Scale): Promise<readonly Measurement[]>;
}

export type Claim = Pick<Measurement, 'id' | 'title' | 'claim' | 'round' | 'unit'>;

export function compared(claim: Claim, times: { ours: number; peer: number }): Measurement {
  return { ...claim, ...times, ratio: times.peer / times.ours };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Seconds that `work` takes. */
export async function seconds(work: () => unknown): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** Rounds of a server until V8 has compiled what it does: a server is asked for longer than its first second. */
export const WARM_UP_ROUNDS = 6;

/** Runs both sides `rounds` times in turns after `unmeasured` rounds of each; median seconds of each. */
export async function inTurns(
  rounds: number,
  ours: () => unknown,
  peer: () => unknown,
  unmeasured = 1,
): Promise<{ ours: number; peer: number }> {
  const times = { ours: [] as number[], peer: [] as number[] };
  for (let round = 0; round < unmeasured; round++) {
    await ours();
    await peer();
  }
  for (let round = 0; round < rounds; round++) {
    times.peer.push(await seconds(peer));
    times.ours.push(await seconds(ours));
  }
  return { ours: median(times.ours), peer: median(times.peer) };
}
