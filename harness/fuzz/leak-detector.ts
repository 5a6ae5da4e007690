/**
 * Growth of an endpoint that is brought back to the same start state again and again: it may hold more for a while, but the
 * least that it holds within a window must not go up and up.
 */
import { type ProcessUsage, processUsage } from '../state/process-state.ts';
import type { Endpoint } from '../targets/target.ts';

/** How an endpoint's usage is measured. */
export type UsageGauge = (endpoint: Endpoint) => Promise<ProcessUsage>;

/** Measures the endpoint's own process. */
export const gaugeProcess: UsageGauge = ({ pid }) => Promise.resolve(processUsage(pid));

/** Programs of a window, and windows that must each hold more than the one before. */
export const WINDOW = 4;
const WINDOWS = 4;

/** Growth from the first of those windows to the last that is no chance, in bytes and in descriptors. */
const BOUNDS = { memory: 24 * 2 ** 20, descriptors: 3 * WINDOW } as const;

export class LeakDetector {
  readonly #samples: ProcessUsage[] = [];

  /** Takes the usage after one more program. Gives what grows, if it does, then begins anew. */
  add(usage: ProcessUsage): keyof ProcessUsage | null {
    this.#samples.push(usage);
    if (this.#samples.length % WINDOW !== 0) return null;
    const grown = (['memory', 'descriptors'] as const).find((what) => this.#grows(what));
    if (grown !== undefined) this.#samples.length = 0;
    return grown ?? null;
  }

  /** The first window is warming up. */
  #grows(what: keyof ProcessUsage): boolean {
    const values = this.#samples.slice(WINDOW).map((sample) => sample[what]);
    const least = Array.from({ length: values.length / WINDOW }, (_, index) =>
      values.slice(index * WINDOW, (index + 1) * WINDOW),
    ).map((window) => Math.min(...window.map((value) => value ?? 0)));
    const last = least.slice(-WINDOWS);
    return (
      last.length === WINDOWS &&
      last.every((value, index) => index === 0 || value > last[index - 1]!) &&
      last.at(-1)! - last[0]! > BOUNDS[what]
    );
  }
}

/** Programs after which growth by each of them is seen. */
export const ROUNDS = WINDOW * (WINDOWS + 1);
