/**
 * The ledger of a case: what its commands made in the endpoint, and how to take it back, last first.
 *
 * It sees successful exchanges only. A command that consumes what another made (a deletion) strikes the entry.
 */
import { actionsOf, goesWith, type Thing, thingsMade, thingsRemoved } from '../../spec/effects/effects-of.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import { QmpError } from '../qmp/errors.ts';
import { jobId, jobsQuery } from '../state/job-state.ts';
import type { Query } from '../state/snapshot.ts';

interface UndoEntry {
  /** What was made; null for an undo that no command shows. */
  readonly thing: Thing | null;
  undo(): Promise<unknown>;
}

/** Tries to see the end of a cancelled job, and the longest pause between them in milliseconds. */
const JOB_POLLS = 100;
const JOB_PAUSE = 20;

export interface LedgerPort {
  readonly endpointSchema: Schema;
  readonly execute: Query;
  /** Lets time pass for the endpoint. */
  settle(milliseconds: number): Promise<void>;
  /** False on an attached endpoint: then jobs that the case did not start are left alone. */
  readonly owned: boolean;
}

export class Ledger {
  readonly #port: LedgerPort;
  #entries: UndoEntry[] = [];
  readonly #jobs = new Set<string>();

  constructor(port: LedgerPort) {
    this.#port = port;
  }

  /** A command was answered with a return. */
  saw(command: string, args: JsonObject): void {
    for (const action of actionsOf({ command, arguments: args })) {
      for (const { thing, undo } of thingsMade(action)) {
        if (undo !== null)
          this.#entries.push({ thing, undo: () => this.#port.execute(undo.command, undo.arguments) });
        if (thing.kind === 'job' && thing.name !== null) this.#jobs.add(thing.name);
      }
      for (const removed of thingsRemoved(action))
        this.#entries = this.#entries.filter(({ thing }) => thing === null || !goesWith(thing, removed));
    }
  }

  /** What commands made is gone; undos that no command shows stay. */
  forget(): void {
    this.#entries = this.#entries.filter(({ thing }) => thing === null);
    this.#jobs.clear();
  }

  /** Enters an undo that no command shows. */
  enter(undo: () => Promise<void>): void {
    this.#entries.push({ thing: null, undo });
  }

  /**
   * Takes everything back: jobs first, since they hold nodes, then the entries, last first, and those that were
   * refused again for as long as others give way. True if all of it succeeded. An undo that was refused is no
   * deviation (the case may have put the node to use); it only means that the endpoint is not as it was. Rejects only
   * if the endpoint is gone.
   */
  async undo(): Promise<boolean> {
    const idle = await this.#endJobs();
    let refused: UndoEntry[];
    do {
      refused = [];
      const before = this.#entries.length;
      // An entry that is tried is no longer there, those that come after it are, should the endpoint go away.
      for (let entry = this.#entries.pop(); entry; entry = this.#entries.pop())
        if (!(await succeeds(entry.undo))) refused.unshift(entry);
      if (refused.length < before) this.#entries = refused;
    } while (this.#entries.length > 0);
    this.#jobs.clear();
    return idle && refused.length === 0;
  }

  /**
   * Carries out the undos that no command shows and that have not been tried, last first: what the case has open itself
   * must end also where the endpoint is gone. Never rejects.
   */
  async letGo(): Promise<void> {
    for (let entry = this.#entries.pop(); entry; entry = this.#entries.pop())
      if (entry.thing === null) await entry.undo().catch(() => undefined);
  }

  /** False if some did not end. */
  async #endJobs(): Promise<boolean> {
    const { endpointSchema, execute, settle, owned } = this.#port;
    const query = jobsQuery(endpointSchema);
    if (query === null) return true;
    for (let poll = 0; poll < JOB_POLLS; poll += 1) {
      const jobs = ((await execute(query)) as JsonObject[]).filter(
        (job) => owned || this.#jobs.has(jobId(job)),
      );
      if (jobs.length === 0) return true;
      for (const job of jobs) await this.#endJob(jobId(job), job);
      await settle(Math.min(JOB_PAUSE, 2 ** poll));
    }
    return false;
  }

  async #endJob(id: string, { status }: JsonObject): Promise<void> {
    const { endpointSchema, execute } = this.#port;
    const ways: [string, JsonObject][] =
      status === 'concluded'
        ? [
            ['job-dismiss', { id }],
            ['block-job-dismiss', { id }],
          ]
        : [
            ['block-job-cancel', { device: id, force: true }],
            ['job-cancel', { id }],
            // One that stopped at an error can be cancelled when it goes on.
            ['block-job-resume', { device: id }],
          ];
    for (const [command, args] of ways)
      if (endpointSchema.commands.has(command) && (await succeeds(() => execute(command, args)))) return;
  }
}

/** False if the endpoint refuses; any other fault is passed on. */
async function succeeds(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    if (error instanceof QmpError) return false;
    throw error;
  }
}
