/**
 * The ledger of a case: what its commands made in the endpoint, and how to take it back, last first.
 *
 * It sees successful exchanges only. A command that consumes what another made (a deletion) strikes the entry.
 */
import { isJsonObject, type Json, type JsonObject } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import { QmpError } from '../qmp/errors.ts';
import type { Query } from './holdings.ts';

interface Entry {
  /** Identifies what was made, `node:disk0`. */
  readonly key: string;
  undo(): Promise<unknown>;
}

type Maker = (args: JsonObject) => { key: string; command: string; arguments?: JsonObject } | null;

const text = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null);

/** What a successful command made, and the command that takes it back. */
const MAKERS: Readonly<Record<string, Maker>> = {
  'blockdev-add': (args) => {
    const node = text(args['node-name']);
    return node === null
      ? null
      : { key: `node:${node}`, command: 'blockdev-del', arguments: { 'node-name': node } };
  },
  'object-add': (args) => {
    const id = text(args.id);
    return id === null ? null : { key: `object:${id}`, command: 'object-del', arguments: { id } };
  },
  'block-dirty-bitmap-add': ({ node, name }) => ({
    key: `bitmap:${text(node)}/${text(name)}`,
    command: 'block-dirty-bitmap-remove',
    arguments: { node: node!, name: name! },
  }),
  'nbd-server-start': () => ({ key: 'nbd-server', command: 'nbd-server-stop' }),
  'block-export-add': (args) => ({
    key: `export:${text(args.id)}`,
    command: 'block-export-del',
    arguments: { id: args.id!, mode: 'hard' },
  }),
};

/** Which entry a successful command strikes. */
const STRIKERS: Readonly<Record<string, (args: JsonObject) => string>> = {
  'blockdev-del': (args) => `node:${text(args['node-name'])}`,
  'object-del': (args) => `object:${text(args.id)}`,
  'block-dirty-bitmap-remove': (args) => `bitmap:${text(args.node)}/${text(args.name)}`,
  'nbd-server-stop': () => 'nbd-server',
  'block-export-del': (args) => `export:${text(args.id)}`,
};

/** Tries to see the end of a cancelled job, and the pause between them in milliseconds. */
const JOB_POLLS = 100;
const JOB_PAUSE = 20;

export interface LedgerPort {
  readonly offered: Schema;
  readonly execute: Query;
  /** Lets time pass for the endpoint. */
  settle(milliseconds: number): Promise<void>;
  /** False on an attached endpoint: then jobs that the case did not name are left alone. */
  readonly owned: boolean;
}

export class Ledger {
  readonly #port: LedgerPort;
  #entries: Entry[] = [];
  readonly #jobs = new Set<string>();

  constructor(port: LedgerPort) {
    this.#port = port;
  }

  /** A command was answered with a return. */
  saw(command: string, args: JsonObject): void {
    const made = MAKERS[command]?.(args);
    if (made) {
      const { key, command: undo, arguments: undoArgs } = made;
      this.#entries.push({ key, undo: () => this.#port.execute(undo, undoArgs) });
    }
    const struck = STRIKERS[command]?.(args);
    if (struck !== undefined) this.#entries = this.#entries.filter(({ key }) => key !== struck);
    for (const job of [text(args['job-id']), text(args.device)]) if (job !== null) this.#jobs.add(job);
    if (command === 'transaction' && Array.isArray(args.actions))
      for (const action of args.actions)
        if (isJsonObject(action) && isJsonObject(action.data)) this.saw(String(action.type), action.data);
  }

  /** Enters an undo that no command shows. */
  enter(undo: () => Promise<void>): void {
    this.#entries.push({ key: 'case', undo });
  }

  /**
   * Takes everything back: jobs first, since they hold nodes, then the entries, last first. True if all of it
   * succeeded. An undo that was refused is no deviation (the case may have put the node to use); it only means that
   * the endpoint cannot be used again. Rejects only if the endpoint is gone.
   */
  async undo(): Promise<boolean> {
    let clean = await this.#cancelJobs();
    for (const { undo } of this.#entries.splice(0).toReversed()) clean = (await succeeds(undo)) && clean;
    this.#jobs.clear();
    return clean;
  }

  async #cancelJobs(): Promise<boolean> {
    const { offered, execute, settle, owned } = this.#port;
    if (!offered.commands.has('query-block-jobs')) return true;
    for (let poll = 0; poll < JOB_POLLS; poll += 1) {
      const jobs = (await execute('query-block-jobs')) as JsonObject[];
      const ours = jobs.map((job) => String(job.device)).filter((id) => owned || this.#jobs.has(id));
      if (ours.length === 0) return true;
      for (const device of ours) {
        await succeeds(() => execute('block-job-cancel', { device, force: true }));
        if (offered.commands.has('block-job-dismiss'))
          await succeeds(() => execute('block-job-dismiss', { id: device }));
      }
      await settle(JOB_PAUSE);
    }
    return false;
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
