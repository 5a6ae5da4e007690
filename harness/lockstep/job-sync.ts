/** How the jobs of all sides stand, and bringing them into the same state as far as waiting does it. */
import type { Json } from '../../spec/json.ts';
import { phasesOf } from '../state/job-state.ts';
import type { SideState } from './side-state.ts';

/** How often, and how long each time in milliseconds, jobs are waited for to stand alike. */
const TRIES = 25;
const PAUSE_MS = 4;

export class JobSync {
  readonly #states: readonly SideState[];
  /** What waiting has not brought together: it is not tried again. */
  #given = '';

  constructor(states: readonly SideState[]) {
    this.#states = states;
  }

  /** Returns false if they do not come to stand alike. */
  async alike(): Promise<boolean> {
    // Jobs that are done at once on one side shall not be asked about while they are still at it.
    if (this.#states.some(({ mayHaveNewJobs }) => mayHaveNewJobs)) await this.#wait();
    for (let tries = 0; tries < TRIES && this.#anyJobs; tries += 1) {
      const phases = await this.#ask();
      if (phases.every((one) => one === phases[0])) return true;
      const now = phases.join(' | ');
      if (now === this.#given) return false;
      if (tries === TRIES - 1) this.#given = now;
      await this.#wait();
    }
    return !this.#anyJobs;
  }

  get #anyJobs(): boolean {
    return this.#states.some(({ mayHaveJobs }) => mayHaveJobs);
  }

  /** How the jobs of each side stand. Who has no job is asked as well: on another side one may still be to come. */
  async #ask(): Promise<string[]> {
    const answers = await Promise.all(this.#states.map(blockJobs));
    const phases = answers.map((jobs) => phasesOf(jobs ?? []));
    const alike = phases.every((one) => one === phases[0]);
    for (const [index, state] of this.#states.entries()) {
      const jobs = answers[index]!;
      state.sawJobs(!alike || jobs === null || jobs.length > 0);
    }
    return phases;
  }

  async #wait(): Promise<void> {
    await Promise.all(
      this.#states.map(({ session }) => session?.endpoint.settle(PAUSE_MS).catch(() => undefined)),
    );
  }
}

/** Null if they cannot be asked for. This query every release has. */
async function blockJobs({ isUsable, endpointSchema, session }: SideState): Promise<readonly Json[] | null> {
  if (!isUsable || !endpointSchema.commands.has('query-block-jobs')) return null;
  const jobs = await session!.execute('query-block-jobs').catch(() => null);
  return Array.isArray(jobs) ? jobs : null;
}
