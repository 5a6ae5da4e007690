/** One side of a lockstep run: a target with the endpoints that it keeps, one for each topology used of late. */
import type { CaseRecord } from '../../reports/record.ts';
import type { CaseDefinition } from '../cases/case.ts';
import type { Check } from '../checks/check.ts';
import { EndpointLost, EndpointPool, workersOn } from '../runner/endpoint-pool.ts';
import { Session } from '../runner/endpoint-session.ts';
import type { Identification } from '../runner/identify.ts';
import { meet } from '../runner/meet-endpoint.ts';
import { skipReason } from '../runner/needs.ts';
import { runCase } from '../runner/run-case.ts';
import { EMPTY_TOPOLOGY, EndpointAway, runOnPool, unrun } from '../runner/run-on-pool.ts';
import type { RunSetting } from '../runner/run-setting.ts';
import type { ScratchArea } from '../runner/scratch.ts';
import type { Target } from '../targets/target.ts';
import type { TimeLimits } from '../time-limits.ts';

/** Endpoints of a side that are alive at a time, each of another topology. */
const MOST_ENDPOINTS = 6;

/** A target, and who its endpoints are. */
export interface IdentifiedTarget extends Identification {
  /** The one that was asked, for the side to go on with: where the endpoint is not ours, there may be no second connection. */
  readonly session?: Session;
}

/**
 * Starts the target once, bare. Rejects as `Session.start` and `meet` do. A `session` in the result is the caller's to stop,
 * unless a side has taken it.
 */
export async function identifyTarget(
  target: Target,
  area: ScratchArea,
  limits: TimeLimits,
): Promise<IdentifiedTarget> {
  const session = await Session.start({ target, topology: EMPTY_TOPOLOGY, area, limits });
  try {
    const met = await meet(target, session);
    if (!target.capabilities.owned) return { ...met, session };
    await session.stop();
    return met;
  } catch (error) {
    await session.stop();
    throw error;
  }
}

/** What runs on a session, with checks of its own besides those of the suite. */
export interface MadeCase {
  readonly definition: CaseDefinition;
  readonly checks?: readonly Check[] | undefined;
}

/** Programs need a session, cases do not. */
export type CaseMaker = (session: Session) => MadeCase;

/** What all sides of a lockstep run run. */
export interface LockstepInput {
  readonly definition: CaseDefinition;
  /** Called once a side, with the session that its case runs on. */
  readonly make: CaseMaker;
  /** Fills a scratch folder before an endpoint starts there. */
  readonly prepare?: ((scratch: string) => Promise<void>) | undefined;
}

export class Side {
  readonly setting: RunSetting;
  readonly #pool: EndpointPool;

  /** `first`: see `IdentifiedTarget.session`. */
  constructor(setting: RunSetting, area: ScratchArea, first?: Session) {
    const { target, limits, signal } = setting;
    const most = workersOn([target], MOST_ENDPOINTS);
    this.setting = setting;
    this.#pool = new EndpointPool({ target, area, limits, signal, most, first });
  }

  /** `fresh`: on an endpoint that has seen nothing yet. What cannot be run is a skip. */
  async run({ definition, make, prepare }: LockstepInput, fresh: boolean): Promise<CaseRecord> {
    const { endpointSchema, undecided, target } = this.setting;
    const reason = skipReason(definition, endpointSchema, target.capabilities, undecided);
    if (reason !== null) return unrun(definition, 'skip', reason);
    try {
      const { record } = await runOnPool(definition, this.#pool, { fresh, prepare }, async (session) => {
        const { definition: made, checks } = make(session);
        return runCase(made, session, { ...this.setting, checks });
      });
      return record;
    } catch (error) {
      if (error instanceof EndpointLost || error instanceof EndpointAway)
        return unrun(definition, 'crash', error.message);
      throw error;
    }
  }

  stop(): Promise<void> {
    return this.#pool.stop();
  }
}
