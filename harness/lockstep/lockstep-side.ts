/** One side of a lockstep run: a target with the endpoints that it keeps, one for each topology used of late. */
import type { CaseRecord, EndpointIdentity } from '../../reports/record.ts';
import type { Schema } from '../../spec/model.ts';
import type { CaseDefinition } from '../cases/case.ts';
import type { Check } from '../checks/check.ts';
import { Session } from '../runner/endpoint-session.ts';
import { identify } from '../runner/identify.ts';
import { skipReason } from '../runner/needs.ts';
import { type CaseSetting, runCase } from '../runner/run-case.ts';
import { EMPTY_TOPOLOGY, notStarted, topologyOf, unrun } from '../runner/run-cases.ts';
import type { ScratchArea } from '../runner/scratch.ts';
import type { Target } from '../targets/target.ts';

/** Endpoints that a side keeps at most. */
const MOST_SESSIONS = 6;

export interface IdentifiedTarget {
  readonly target: Target;
  readonly identity: EndpointIdentity;
  readonly endpointSchema: Schema;
}

/** Starts the target once, bare. Rejects as `Session.start` and `identify` do. */
export async function identifyTarget(
  target: Target,
  area: ScratchArea,
  timeout: number,
): Promise<IdentifiedTarget> {
  const session = await Session.start({ target, topology: EMPTY_TOPOLOGY, area, timeout });
  try {
    return { target, ...(await identify(target.name, session)) };
  } finally {
    await session.stop();
  }
}

/** What runs on a session, with checks of its own besides those of the suite. */
export interface Made {
  readonly definition: CaseDefinition;
  readonly checks?: readonly Check[];
}

/** Programs need a session, cases do not. */
export type CaseMaker = (session: Session) => Made;

export type Prepare = (scratch: string) => Promise<void>;

/** A target whose endpoints find their scratch folder filled. */
function prepared(target: Target, prepare: Prepare): Target {
  return {
    name: target.name,
    capabilities: target.capabilities,
    unavailable: () => target.unavailable(),
    start: async (request) => {
      await prepare(request.scratch);
      return target.start(request);
    },
  };
}

export class Side {
  readonly setting: CaseSetting;
  readonly #area: ScratchArea;
  /** By topology, the one used last at the end. */
  readonly #sessions = new Map<string, Session>();

  constructor(setting: CaseSetting, area: ScratchArea) {
    this.setting = setting;
    this.#area = area;
  }

  /**
   * `fresh`: on an endpoint that has seen nothing yet. `prepare`: fills the scratch folder before that starts. What cannot
   * be run is a skip.
   */
  async run(
    definition: CaseDefinition,
    make: CaseMaker,
    fresh: boolean,
    prepare?: Prepare,
  ): Promise<CaseRecord> {
    const { endpointSchema, target } = this.setting;
    const reason = skipReason(definition, endpointSchema, target.capabilities);
    if (reason !== null) return unrun(definition, 'skip', reason);
    const key = JSON.stringify(topologyOf(definition));
    try {
      if (fresh) await this.#drop(key);
      const session = await this.#session(definition, key, prepare);
      const { definition: made, checks } = make(session);
      const setting = checks === undefined ? this.setting : { ...this.setting, checks };
      const { record, reusable } = await runCase(made, session, setting);
      if (!reusable) await this.#drop(key);
      return record;
    } catch (error) {
      await this.#drop(key);
      return notStarted(definition, error);
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((key) => this.#drop(key)));
  }

  async #session(definition: CaseDefinition, key: string, prepare?: Prepare): Promise<Session> {
    const { target: bare, caseTimeout, signal } = this.setting;
    const target = prepare === undefined ? bare : prepared(bare, prepare);
    let session = this.#sessions.get(key);
    this.#sessions.delete(key);
    session ??= await Session.start({
      target,
      topology: topologyOf(definition),
      area: this.#area,
      timeout: caseTimeout,
      ...(signal && { signal }),
    });
    this.#sessions.set(key, session);
    if (this.#sessions.size > MOST_SESSIONS) await this.#drop([...this.#sessions.keys()][0]!);
    return session;
  }

  async #drop(key: string): Promise<void> {
    const session = this.#sessions.get(key);
    this.#sessions.delete(key);
    await session?.stop();
  }
}
