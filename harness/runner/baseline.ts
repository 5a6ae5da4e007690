/** What was there before a case: block state, what the endpoint holds, files. Says later whether it is so again. */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Schema } from '../../spec/model.ts';
import type { Holdings, StateSnapshot } from '../checks/check.ts';
import { stateDifference } from '../checks/state-difference.ts';
import type { Session } from './endpoint-session.ts';
import { holdings, takeSnapshot } from './holdings.ts';

export class Baseline {
  readonly state: StateSnapshot;
  readonly holdings: Holdings;
  /** Files in the scratch folder, with the time of their last change. */
  readonly #files: ReadonlyMap<string, number>;

  private constructor(state: StateSnapshot, held: Holdings, files: ReadonlyMap<string, number>) {
    this.state = state;
    this.holdings = held;
    this.#files = files;
  }

  /** Asks the endpoint. */
  static async take(session: Session, endpointSchema: Schema): Promise<Baseline> {
    return Baseline.of(session, await takeSnapshot(session.execute.bind(session), endpointSchema));
  }

  /** With a state that was just asked for. */
  static async of(session: Session, state: StateSnapshot): Promise<Baseline> {
    const { scratch, endpoint } = session;
    const held = await holdings(state, scratch, endpoint.pid);
    const times = held.files.map(async (name) => [name, (await stat(join(scratch, name))).mtimeMs] as const);
    return new Baseline(state, held, new Map(await Promise.all(times)));
  }

  /** Whether `after` has files open that were not. */
  hasFewerOpen(after: Baseline): boolean {
    return after.holdings.openFiles.some((name) => !this.holdings.openFiles.includes(name));
  }

  /** True if state and files of `after` are as they were; files that are new are removed. */
  async restored({ scratch }: Session, after: Baseline): Promise<boolean> {
    for (const name of after.#files.keys())
      if (!this.#files.has(name)) await rm(join(scratch, name), { recursive: true, force: true });
    for (const [name, time] of this.#files) if (after.#files.get(name) !== time) return false;
    return stateDifference(this.state, after.state) === null;
  }
}
