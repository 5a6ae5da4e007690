/**
 * A lane runs one program at a time. It keeps an endpoint for each ground and starts a new one only when the last
 * program left it dirty or dead.
 */
import type { Program } from '../../generators/sequences/program.ts';
import type { ScratchArea } from '../runner/scratch.ts';
import { Session } from '../runner/session.ts';
import { type Execution, execute } from './execute.ts';
import type { FuzzGround } from './grounds.ts';
import type { FuzzSetting } from './setting.ts';

/** Programs that one endpoint runs at most, so that what it leaks does not add up. */
const MOST_PROGRAMS = 200;

interface Kept {
  readonly session: Session;
  programs: number;
}

export class Lane {
  readonly #setting: FuzzSetting;
  readonly #area: ScratchArea;
  readonly #kept = new Map<string, Kept>();

  constructor(setting: FuzzSetting, area: ScratchArea) {
    this.#setting = setting;
    this.#area = area;
  }

  /** `fresh`: on an endpoint that has seen nothing yet. Rejects if the endpoint does not start. */
  async run(program: Program, fresh = false): Promise<Execution> {
    const ground = this.#setting.grounds.find(({ name }) => name === program.ground);
    if (ground === undefined) throw new Error(`no ground '${program.ground}' on this target`);
    if (fresh) await this.#drop(ground.name);
    const kept = await this.#session(ground);
    kept.programs += 1;
    const execution = await execute(program, kept.session, this.#setting).catch(async (error: unknown) => {
      await this.#drop(ground.name);
      throw error;
    });
    if (!execution.reusable || kept.programs >= MOST_PROGRAMS) await this.#drop(ground.name);
    return execution;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#kept.keys()].map((name) => this.#drop(name)));
  }

  async #session({ name, topology }: FuzzGround): Promise<Kept> {
    const there = this.#kept.get(name);
    if (there !== undefined) return there;
    const { target, caseTimeout, signal } = this.#setting;
    const options = { target, topology, area: this.#area, timeout: caseTimeout };
    const kept = { session: await Session.start({ ...options, ...(signal && { signal }) }), programs: 0 };
    this.#kept.set(name, kept);
    return kept;
  }

  async #drop(name: string): Promise<void> {
    const kept = this.#kept.get(name);
    this.#kept.delete(name);
    await kept?.session.stop();
  }
}
