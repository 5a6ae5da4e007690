/**
 * Looks at what all sides hold, at the same moment and outside of the case's own exchanges: after each step that may have
 * changed something, as often as the budget lets it, and at the end. Contents are read when no job is left, which costs
 * most: at the end, and a few times when the last job has gone.
 */
import type { TranscriptStep } from '../../reports/record.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { Look } from '../differ/side-run.ts';
import { QmpError } from '../qmp/errors.ts';
import { withoutDir } from '../runner/recorder.ts';
import { contentsOf } from './node-contents.ts';
import type { Seat } from './side-state.ts';

/** Asked where all sides offer it. */
const QUERIES: readonly { readonly command: string; readonly arguments?: JsonObject }[] = [
  { command: 'query-named-block-nodes' },
  { command: 'query-block' },
  { command: 'query-block-jobs' },
  { command: 'query-jobs' },
  { command: 'query-blockstats', arguments: { 'query-nodes': true } },
];

/** Of a run, besides the last one. */
const MOST_LOOKS = 40;
const MOST_CONTENTS = 2;

export class Looks {
  readonly #seats: readonly Seat[];
  readonly #queries: typeof QUERIES;
  #looks = MOST_LOOKS;
  #contents = MOST_CONTENTS;
  /** Jobs were there at the last look. */
  #jobs = false;

  constructor(seats: readonly Seat[]) {
    this.#seats = seats;
    this.#queries = QUERIES.filter(({ command }) =>
      seats.every(({ offered }) => offered.commands.has(command)),
    );
  }

  /** `alike`: the jobs of all stand alike. Never rejects: what died of being asked is found by who runs the case. */
  async take(alike: boolean): Promise<void> {
    const last = this.#seats.every(({ over }) => over);
    const [number, ...others] = this.#seats.map(({ exchanges }) => exchanges);
    const all = this.#seats.every(
      ({ context, usable, inFlight }) => context !== null && usable && inFlight.size === 0,
    );
    if (!all || others.some((other) => other !== number)) return;
    const stirred = this.#jobs || this.#seats.some((seat) => seat.stirred);
    if (!last && (!alike || !stirred || this.#looks <= 0)) return;
    this.#looks -= 1;
    const jobs = this.#seats.some((seat) => seat.jobs);
    const contents = !jobs && (last || (this.#jobs && this.#contents > 0));
    if (contents) this.#contents -= 1;
    this.#jobs = jobs;
    await Promise.all(this.#seats.map((seat) => this.#look(seat, number!, contents, !alike)));
  }

  async #look(seat: Seat, number: number, contents: boolean, late: boolean): Promise<void> {
    seat.stirred = false;
    try {
      const queries = await Promise.all(this.#queries.map((query) => ask(seat, query)));
      const look: Look = { queries, ...(late && { late }) };
      seat.looks.set(number, contents ? { ...look, contents: await contentsIn(seat) } : look);
    } catch {
      // It ended, or does not answer.
    }
  }
}

async function ask(
  { session }: Seat,
  { command, arguments: args }: (typeof QUERIES)[number],
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

async function contentsIn(seat: Seat): Promise<Record<string, string>> {
  let contents = {};
  await seat.context!.aside('query-contents', async () => {
    contents = await contentsOf(seat.session!, seat.offered);
  });
  return contents;
}
