/**
 * Runs programs one at a time:
 *
 *   1. take an endpoint of the program's start state from the pool;
 *   2. run the program there as a case, which takes back what it made;
 *   3. look at what it left (`post-run-checks.ts`), for which some endpoints are cleared of the start state's nodes;
 *   4. give the endpoint back to the pool, which resets it, keeps it or drops it.
 */
import { hash32 } from '../../generators/hash.ts';
import { encode } from '../../generators/sequences/encoding.ts';
import { type Program, symbolsOf } from '../../generators/sequences/program.ts';
import { isOfKind } from '../../generators/sequences/resources.ts';
import type { Outcome } from '../../reports/record.ts';
import { type EndpointCondition, EndpointPool } from '../runner/endpoint-pool.ts';
import type { Session } from '../runner/endpoint-session.ts';
import { acquireOn } from '../runner/run-on-pool.ts';
import type { ScratchArea } from '../runner/scratch.ts';
import { SnapshotWithFiles } from '../state/snapshot-with-files.ts';
import type { FuzzConfig } from './fuzz-config.ts';
import { LeakDetector } from './leak-detector.ts';
import { breachesOf, isTimeless, programOf, RELATIONS, repliesOf } from './metamorphic.ts';
import {
  closedImages,
  imageStructure,
  isLeak,
  leakCheck,
  type PostRunCheck,
  type PostRunDeviation,
  type PostRunMoment,
  type ProgramImages,
} from './post-run-checks.ts';
import { EndpointReset } from './reset-endpoint.ts';
import { type Execution, execute } from './run-program.ts';
import type { FuzzStartState } from './start-states.ts';

/** Programs that one endpoint runs at most, so that what it leaks does not add up. */
const MOST_PROGRAMS = 200;

/** How a program ends whose endpoint is no more, or in a state that nobody knows. */
const DEAD: ReadonlySet<Outcome> = new Set(['crash', 'timeout', 'error']);

/** Steps whose effects no query of the state tells, nor for sure the time of a file. */
const CHANGES = /\b(object-add|object-del|qom-set)\b|^write /m;

/** The images of one program in this many are checked. */
const IMAGES_OF = 4;

/** Of one program in this many it is seen whether others that must come to the same do. */
const RELATIONS_OF = 8;

/** Runs programs one at a time. */
export interface ProgramRunner {
  /**
   * `fresh`: on an endpoint that has seen nothing yet. `rounds`: again and again on the same endpoint, until it is seen to
   * grow; the last execution counts. Rejects if the endpoint does not start, with `EndpointAway` if it is not ours to.
   */
  run(program: Program, fresh?: boolean, rounds?: number): Promise<Execution>;
  stop(): Promise<void>;
}

/** What is known of an endpoint from before its first program on. */
interface History {
  /** What was there at first. */
  readonly home: SnapshotWithFiles;
  readonly leaks: PostRunCheck;
}

/** The executor of one worker. `run` rejects if no endpoint starts; `stop` ends its endpoints. */
export class ProgramExecutor implements ProgramRunner {
  readonly #config: FuzzConfig;
  readonly #pool: EndpointPool;
  readonly #histories = new WeakMap<Session, History>();

  constructor(config: FuzzConfig, area: ScratchArea) {
    const { target, limits, signal, freshEndpoints, first } = config;
    const uses = freshEndpoints === true ? 1 : MOST_PROGRAMS;
    this.#config = config;
    this.#pool = new EndpointPool({ target, area, limits, signal, uses, first });
  }

  /** Endpoints that were started. */
  get started(): number {
    return this.#pool.started;
  }

  async run(program: Program, fresh = false, rounds = 1): Promise<Execution> {
    const execution = await this.#withRelations(program, await this.#once(program, fresh), fresh);
    const grows = execution.record.deviations.some(isLeak);
    return grows || rounds === 1 ? execution : this.run(program, false, rounds - 1);
  }

  stop(): Promise<void> {
    return this.#pool.stop();
  }

  /** Also runs what must come to the same, after some programs, and wherever a fault is to be shown again. */
  async #withRelations(program: Program, execution: Execution, fresh: boolean): Promise<Execution> {
    const { outcome } = execution.record;
    if (outcome !== 'pass' && outcome !== 'warn') return execution;
    if (!isTimeless(program) || (!fresh && hash32(encode(program)) % RELATIONS_OF !== 0)) return execution;
    const replies = repliesOf(execution);
    for (const relation of RELATIONS) {
      const order = relation.steps(program, replies);
      if (order === null) continue;
      const other = await this.#once(programOf(program, order), fresh);
      const faults = breachesOf(relation, order, [execution, other], this.#config.endpointSchema);
      if (faults.length > 0) return withFaults(execution, faults);
    }
    return execution;
  }

  async #once(program: Program, fresh: boolean): Promise<Execution> {
    const startState = this.#config.startStates.find(({ name }) => name === program.startState);
    if (startState === undefined) throw new Error(`no start state '${program.startState}' on this target`);
    const session = await acquireOn(this.#pool, startState.topology, { fresh });
    try {
      return await this.#runOn(session, program, startState, fresh);
    } catch (error) {
      await this.#pool.release(session, 'broken');
      throw error;
    }
  }

  /** `fresh`: what the program leaves is looked at in any case. Releases the session, unless it rejects. */
  async #runOn(
    session: Session,
    program: Program,
    startState: FuzzStartState,
    fresh: boolean,
  ): Promise<Execution> {
    const { endpointSchema, imageReader } = this.#config;
    const { home, leaks } = await this.#historyOf(session);
    const text = encode(program);
    const looks = fresh || hash32(text) % IMAGES_OF === 0;
    const checks = [...(looks ? [imageStructure(), closedImages(imageReader)] : []), leaks];
    const faults: PostRunDeviation[] = [];
    const look = async (moment: PostRunMoment, left: ProgramImages): Promise<void> => {
      for (const check of checks)
        if (check.moments.includes(moment)) faults.push(...(await check.look(session, left)));
    };
    const execution = await execute(program, session, this.#config, (left) => look('undone', left));
    const reset = new EndpointReset({
      session,
      startState,
      endpointSchema,
      home,
      objects: objectsOf(program),
    });
    let condition = conditionOf(execution, text);
    if (looks && condition === 'dirty' && this.#pool.mayReset) {
      if (await reset.clear()) await look('cleared', execution);
      else condition = 'broken';
    }
    const isRestored = await this.#pool.release(session, condition, () => reset.run());
    if (isRestored) await look('restored', execution);
    return faults.length === 0 ? execution : withFaults(execution, faults);
  }

  async #historyOf(session: Session): Promise<History> {
    const known = this.#histories.get(session);
    if (known !== undefined) return known;
    const { endpointSchema, gauge } = this.#config;
    const home = await SnapshotWithFiles.take(session, endpointSchema);
    session.baseline = home;
    const history = { home, leaks: leakCheck(new LeakDetector(), gauge) };
    this.#histories.set(session, history);
    return history;
  }
}

function conditionOf({ reusable, record }: Execution, text: string): EndpointCondition {
  if (reusable && !CHANGES.test(text)) return 'clean';
  return DEAD.has(record.outcome) ? 'broken' : 'dirty';
}

/** Ids of objects that a program may leave. */
function objectsOf({ steps }: Program): string[] {
  return steps.flatMap(symbolsOf).filter((symbol) => isOfKind(symbol, 'group'));
}

/** What was seen of a program only after its end. */
function withFaults(execution: Execution, faults: readonly PostRunDeviation[]): Execution {
  const { record } = execution;
  const deviations = [...record.deviations, ...faults];
  const severity = faults.some((fault) => fault.severity === 'must') ? 'must' : 'should';
  const worst =
    record.outcome === 'pass' || record.outcome === 'warn'
      ? ({ outcome: severity === 'must' ? 'fail' : 'warn', severity } as const)
      : {};
  return { ...execution, record: { ...record, ...worst, deviations } };
}
