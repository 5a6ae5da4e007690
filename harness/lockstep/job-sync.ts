/** How the jobs of all sides stand, and bringing them into the same state as far as waiting does it. */
import { phasesOf } from '../state/jobs.ts';
import type { SideState } from './side-state.ts';

/** How often, and how long each time in milliseconds, jobs are waited for to stand alike. */
const TRIES = 25;
const PAUSE_MS = 4;

export class JobSync {
  readonly #states: readonly SideState[];
  /** States that waiting has not changed: it is not tried again. */
  #given = '';

  constructor(states: readonly SideState[]) {
    this.#states = states;
  }

  /** False if they do not come to stand alike. */
  async alike(): Promise<boolean> {
    // Jobs that are done at once on one side shall not be asked about while they are still at it.
    if (this.#states.some(({ started }) => started)) await this.#wait();
    for (const state of this.#states) state.started = false;
    for (let tries = 0; tries < TRIES && this.#states.some(({ jobs }) => jobs); tries += 1) {
      // Who has no job yet, or none any more, has to be looked at too while another has one.
      for (const state of this.#states) state.jobs = true;
      const states = await Promise.all(this.#states.map(jobStates));
      if (states.every((state) => state === states[0])) return true;
      for (const state of this.#states) state.jobs = true;
      const now = states.join(' | ');
      if (now === this.#given) return false;
      if (tries === TRIES - 1) this.#given = now;
      await this.#wait();
    }
    return !this.#states.some(({ jobs }) => jobs);
  }

  async #wait(): Promise<void> {
    await Promise.all(
      this.#states.map(({ session }) => session?.endpoint.settle(PAUSE_MS).catch(() => undefined)),
    );
  }
}

/** Jobs and how they stand, as far as both know the words. */
async function jobStates(state: SideState): Promise<string> {
  if (!state.jobs || !state.usable || !state.endpointSchema.commands.has('query-block-jobs')) return '';
  const jobs = await state.session!.execute('query-block-jobs').catch(() => null);
  if (!Array.isArray(jobs)) return '';
  state.jobs = jobs.length > 0;
  return phasesOf(jobs);
}
