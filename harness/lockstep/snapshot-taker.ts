/**
 * Takes snapshots of all sides at the same moment and outside of the case's own exchanges: after each step that may have
 * changed something, as often as the budget lets it, and at the end. Contents are read when no job is left, which costs
 * most: at the end, and a few times when the last job has gone.
 */
import type { TranscriptStep } from '../../reports/record.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import { QmpError } from '../qmp/errors.ts';
import { withoutDir } from '../runner/recorder.ts';
import { comparedQueries, type StateQuery } from '../state/snapshot.ts';
import type { SnapshotWithContents } from '../state/snapshot-with-contents.ts';
import { contentsOf } from './node-contents.ts';
import type { SideState } from './side-state.ts';

/** How many are taken in a run, besides the last one. */
const MOST_SNAPSHOTS = 40;
const MOST_CONTENTS = 2;

export class SnapshotTaker {
  readonly #states: readonly SideState[];
  readonly #queries: readonly StateQuery[];
  #snapshots = MOST_SNAPSHOTS;
  #contents = MOST_CONTENTS;
  /** Jobs were there at the last snapshot. */
  #jobs = false;

  constructor(states: readonly SideState[]) {
    this.#states = states;
    this.#queries = comparedQueries(states.map(({ endpointSchema }) => endpointSchema));
  }

  /** `alike`: the jobs of all stand alike. Never rejects: what died of being asked is found by who runs the case. */
  async take(alike: boolean): Promise<void> {
    const last = this.#states.every(({ isOver }) => isOver);
    const [number, ...others] = this.#states.map(({ exchanges }) => exchanges);
    const quiet = this.#states.every(({ isQuiet }) => isQuiet);
    if (!quiet || others.some((other) => other !== number)) return;
    const changed = this.#jobs || this.#states.some(({ changedSinceSnapshot }) => changedSinceSnapshot);
    if (!last && (!alike || !changed || this.#snapshots <= 0)) return;
    this.#snapshots -= 1;
    const jobs = this.#states.some(({ mayHaveJobs }) => mayHaveJobs);
    const contents = !jobs && (last || (this.#jobs && this.#contents > 0));
    if (contents) this.#contents -= 1;
    this.#jobs = jobs;
    await Promise.all(this.#states.map((state) => this.#take(state, number!, contents, !alike)));
  }

  async #take(state: SideState, number: number, contents: boolean, late: boolean): Promise<void> {
    state.beginSnapshot();
    try {
      const answers = await Promise.all(this.#queries.map((query) => ask(state, query)));
      const snapshot: SnapshotWithContents = { answers, ...(late && { late }) };
      state.keepSnapshot(number, contents ? { ...snapshot, contents: await contentsIn(state) } : snapshot);
    } catch {
      // It ended, or does not answer.
    }
  }
}

async function ask(
  { session }: SideState,
  { command, arguments: args }: StateQuery,
): Promise<TranscriptStep> {
  const answer = await session!.execute(command, args).then(
    (value: Json): JsonObject => ({ return: value }),
    (error: unknown) => {
      if (error instanceof QmpError) return error.reply;
      throw error;
    },
  );
  const send = { execute: command, ...(args && { arguments: args }) };
  return { send, reply: withoutDir(answer, session!.endpoint.dir) };
}

async function contentsIn(state: SideState): Promise<Record<string, string>> {
  let contents = {};
  await state.context!.sideAction('query-contents', async () => {
    contents = await contentsOf(state.session!, state.endpointSchema);
  });
  return contents;
}
