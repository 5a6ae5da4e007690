/**
 * An executor runs one program at a time. It keeps an endpoint for each start state, brings it back to the start state where the
 * last program left it dirty, and starts a new one only when it is dead or cannot be brought back.
 */
import { encode } from '../../generators/sequences/encoding.ts';
import { type Program, symbolsOf } from '../../generators/sequences/program.ts';
import { isOfKind } from '../../generators/sequences/resources.ts';
import type { Deviation, Outcome } from '../../reports/record.ts';
import { type ClosedImage, filesOf, judgeImage, readImage } from '../contents/closed-images.ts';
import { detail } from '../contents/contents-oracle.ts';
import { checkImages } from '../contents/image-check.ts';
import { Session } from '../runner/endpoint-session.ts';
import { hash32 } from '../runner/hash.ts';
import type { ScratchArea } from '../runner/scratch.ts';
import { openFiles, type ProcessUsage } from '../state/process.ts';
import { SnapshotWithFiles } from '../state/snapshot-with-files.ts';
import type { FuzzConfig } from './fuzz-config.ts';
import { gaugeProcess, LeakDetector } from './leak-detector.ts';
import { resetEndpoint } from './reset-endpoint.ts';
import { type Execution, execute } from './run-program.ts';
import type { FuzzStartState } from './start-states.ts';

/** Programs that one endpoint runs at most, so that what it leaks does not add up. */
const MOST_PROGRAMS = 200;

/** How a program ends whose endpoint is no more, or in a state that nobody knows. */
const DEAD: ReadonlySet<Outcome> = new Set(['crash', 'timeout', 'error']);

/** Steps whose effects no query of the state tells, nor for sure the time of a file. */
const CHANGES = /\b(object-add|object-del|qom-set)\b|^write /m;

interface Kept {
  readonly session: Session;
  /** What was there at first. */
  readonly home: SnapshotWithFiles;
  readonly growth: LeakDetector;
  programs: number;
}

/** Of so many programs the images of one are checked. */
const IMAGES_OF = 4;

/** Start of the names of checks that see growth over many programs. */
export const LEAK = 'leak/of-';

/** Runs programs one at a time. */
export interface ProgramRunner {
  /**
   * `fresh`: on an endpoint that has seen nothing yet. `rounds`: again and again on the same endpoint, until it is seen to
   * grow; the last execution counts. Rejects if the endpoint does not start.
   */
  run(program: Program, fresh?: boolean, rounds?: number): Promise<Execution>;
  stop(): Promise<void>;
}

export class ProgramExecutor implements ProgramRunner {
  readonly #config: FuzzConfig;
  readonly #area: ScratchArea;
  readonly #kept = new Map<string, Kept>();
  #started = 0;

  constructor(config: FuzzConfig, area: ScratchArea) {
    this.#config = config;
    this.#area = area;
  }

  /** Endpoints that were started. */
  get started(): number {
    return this.#started;
  }

  async run(program: Program, fresh = false, rounds = 1): Promise<Execution> {
    const execution = await this.#once(program, fresh);
    const grows = execution.record.deviations.some(({ check }) => check.startsWith(LEAK));
    return grows || rounds === 1 ? execution : this.run(program, false, rounds - 1);
  }

  async #once(program: Program, fresh: boolean): Promise<Execution> {
    const startState = this.#config.startStates.find(({ name }) => name === program.startState);
    if (startState === undefined) throw new Error(`no ground '${program.startState}' on this target`);
    if (fresh) await this.#drop(startState.name);
    const kept = await this.#session(startState);
    kept.programs += 1;
    const text = encode(program);
    const looks = fresh || hash32(text) % IMAGES_OF === 0;
    const faults: Fault[] = [];
    const seen = new Set<ClosedImage>();
    const settled = async (resting: readonly ClosedImage[]): Promise<void> => {
      if (looks) faults.push(...(await this.#contentFaults(kept.session, resting, seen)));
    };
    const ran = execute(program, kept.session, this.#config, settled);
    const execution = await ran.catch(async (error: unknown) => {
      await this.#drop(startState.name);
      throw error;
    });
    const atRest = async (): Promise<void> => {
      if (looks) faults.push(...(await imageFaults(kept.session, execution.images)));
      await settled(execution.resting);
    };
    const same = execution.reusable && !CHANGES.test(text);
    const last = this.#config.freshEndpoints === true || kept.programs >= MOST_PROGRAMS;
    const usable =
      same || ((looks || !last) && (await this.#rebuilt(program, execution, kept, startState, atRest)));
    const grown = usable ? await this.#grown(kept) : null;
    if (grown !== null) faults.push(growthOf(grown));
    if (!usable || last) await this.#drop(startState.name);
    return faults.length === 0 ? execution : withFaults(execution, faults);
  }

  async #grown({ session, growth }: Kept): Promise<keyof ProcessUsage | null> {
    return growth.add(await (this.#config.gauge ?? gaugeProcess)(session.endpoint));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#kept.keys()].map((name) => this.#drop(name)));
  }

  /** Whether the endpoint could be brought back to its start state. */
  async #rebuilt(
    { steps }: Program,
    { record: { outcome } }: Execution,
    { session, home }: Kept,
    startState: FuzzStartState,
    atRest: () => Promise<void>,
  ): Promise<boolean> {
    const { target, endpointSchema } = this.#config;
    if (!target.capabilities.owned || DEAD.has(outcome)) return false;
    const objects = steps.flatMap(symbolsOf).filter((symbol) => isOfKind(symbol, 'group'));
    return resetEndpoint({ session, startState, endpointSchema, home, objects, atRest });
  }

  /** Of images that nobody has open any more, and that were not `seen`. */
  async #contentFaults(
    { scratch, endpoint }: Session,
    resting: readonly ClosedImage[],
    seen: Set<ClosedImage>,
  ): Promise<Fault[]> {
    const wanted = resting.filter((image) => !seen.has(image));
    if (wanted.length === 0) return [];
    const open = await openFiles(endpoint.pid, scratch);
    const faults: Fault[] = [];
    for (const image of wanted) {
      if (filesOf(image.options).some((file) => open.includes(file))) continue;
      seen.add(image);
      const breach = await judgeImage(image, scratch, this.#config.imageReader ?? readImage);
      if (breach === null) continue;
      const { message } = breach;
      faults.push({ check: IMAGES, severity: 'must', message, ...detail(image.node, breach) });
    }
    return faults;
  }

  async #session({ name, topology }: FuzzStartState): Promise<Kept> {
    const there = this.#kept.get(name);
    if (there !== undefined) return there;
    const { target, endpointSchema, caseTimeout, signal } = this.#config;
    const options = { target, topology, area: this.#area, timeout: caseTimeout };
    const session = await Session.start({ ...options, ...(signal && { signal }) });
    this.#started += 1;
    try {
      const home = await SnapshotWithFiles.take(session, endpointSchema);
      session.baseline = home;
      const kept = { session, home, growth: new LeakDetector(), programs: 0 };
      this.#kept.set(name, kept);
      return kept;
    } catch (error) {
      await session.stop();
      throw error;
    }
  }

  async #drop(name: string): Promise<void> {
    const kept = this.#kept.get(name);
    this.#kept.delete(name);
    await kept?.session.stop();
  }
}

type Fault = Pick<Deviation, 'check' | 'severity' | 'message' | 'expected' | 'got'>;

const IMAGES = 'data/images';

function growthOf(what: keyof ProcessUsage): Fault {
  const message = `use of ${what} grows with each program, though all is taken back`;
  return { check: `${LEAK}${what}`, severity: 'should', message };
}

/** Of images that nobody has open any more. */
async function imageFaults({ scratch, endpoint }: Session, images: readonly string[]): Promise<Fault[]> {
  const open = await openFiles(endpoint.pid, scratch);
  const found = await checkImages(
    scratch,
    images.filter((image) => !open.includes(image)),
  );
  return found.map(({ kind, report }) => ({
    check: IMAGES,
    severity: kind === 'corruption' ? 'must' : 'should',
    message: `qemu-img check finds ${kind === 'corruption' ? 'corruption' : 'leaked clusters'}`,
    got: report,
  }));
}

/** What was seen of a program only after its end. */
function withFaults(execution: Execution, faults: readonly Fault[]): Execution {
  const { record } = execution;
  const deviations = [...record.deviations, ...faults];
  const severity = faults.some((fault) => fault.severity === 'must') ? 'must' : 'should';
  const worst =
    record.outcome === 'pass' || record.outcome === 'warn'
      ? ({ outcome: severity === 'must' ? 'fail' : 'warn', severity } as const)
      : {};
  return { ...execution, record: { ...record, ...worst, deviations } };
}
