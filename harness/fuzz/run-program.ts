/** Runs one program on a live endpoint, as a case is run: contained, recorded, checked, taken back. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Call,
  concrete,
  type DataStep,
  isDataStep,
  type Overwrite,
  type Program,
  type Step,
} from '../../generators/sequences/program.ts';
import type { CaseRecord } from '../../reports/record.ts';
import type { Json, JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition, MonitorHandle } from '../cases/case.ts';
import type { Check } from '../checks/check.ts';
import { leftoverFiles } from '../checks/leftover-files.ts';
import type { ClosedImage } from '../contents/closed-images.ts';
import { ContentsOracle, LOOK, WRITE } from '../contents/contents-oracle.ts';
import { offersData } from '../contents/nbd-access.ts';
import type { Session } from '../runner/endpoint-session.ts';
import { withoutDir } from '../runner/recorder.ts';
import { runCase } from '../runner/run-case.ts';
import { isAnyUnderWay, jobsQuery } from '../state/job-state.ts';
import { programLimits, type TimeLimits } from '../time-limits.ts';
import type { FuzzConfig } from './fuzz-config.ts';
import type { ProgramImages } from './post-run-checks.ts';

/** How a program ended, and what can be looked at when its endpoint has closed its files. */
export interface Execution extends ProgramImages {
  readonly record: CaseRecord;
  /** Commands that were sent, without those of the checks. */
  readonly commands: number;
  /** The graph as it was after the last step, with `@DIR@` for the folder; null if it could not be asked for. */
  readonly graph: Json | null;
  readonly reusable: boolean;
}

/** Longest wait for an event, milliseconds. */
const WAIT_MS = 60;
/** A job that is ready and was told to complete still says so for a while. */
const READY_MS = 7;

/** Programs write below images; of those that they cannot have broken, `imageStructure` tells. */
const NOT_OF_PROGRAMS: readonly string[] = ['images'];

/** `settled`: called when what the program made is taken back, but for its files. */
export async function execute(
  program: Program,
  session: Session,
  config: FuzzConfig,
  settled: (left: ProgramImages) => Promise<void>,
): Promise<Execution> {
  const run = new ProgramRun(program, session, config.limits);
  const checks = [run.oracle.check, leftoverFiles()];
  const { record, reusable } = await runCase(caseOf(run), session, {
    ...config,
    checks,
    excludedChecks: NOT_OF_PROGRAMS,
    settled: () => settled(run.left),
  });
  return {
    record,
    reusable,
    commands: run.commands,
    graph: run.graph,
    ...run.left,
  };
}

/** A program as a case, for this session, with the checks that follow it. */
export function programCase(
  program: Program,
  session: Session,
): { readonly definition: CaseDefinition; readonly checks: readonly Check[] } {
  const run = new ProgramRun(program, session, programLimits());
  return { definition: caseOf(run), checks: [run.oracle.check] };
}

function caseOf(run: ProgramRun): CaseDefinition {
  return { id: 'program', title: 'a program', requirements: [], run: (t: CaseContext) => run.play(t) };
}

class ProgramRun {
  commands = 0;
  graph: Json | null = null;
  readonly oracle: ContentsOracle;
  readonly #program: Program;
  readonly #session: Session;
  readonly #monitors = new Map<number, Promise<MonitorHandle>>();
  #resting: readonly ClosedImage[] = [];
  /** Commands whose replies nobody waited for yet. */
  #pending: Promise<unknown>[] = [];

  constructor(program: Program, session: Session, { answerTimeout: timeout }: TimeLimits) {
    const { endpoint, scratch, topology } = session;
    this.#program = program;
    this.#session = session;
    this.oracle = new ContentsOracle({
      port: { execute: session.execute.bind(session), dir: endpoint.dir, scratch, timeout },
      options: topology.options.map((word) => word.replaceAll('@DIR@', endpoint.dir)),
    });
  }

  get left(): ProgramImages {
    return { images: [...this.oracle.effects.images], resting: this.#resting };
  }

  async play(t: CaseContext): Promise<void> {
    const { steps } = this.#program;
    // What is there at the start is known then, and at the end nothing of it may be lost.
    const looks = steps.some(isDataStep);
    if (looks) await this.#data(t, { kind: 'compare' });
    for (const [index, step] of steps.entries()) await this.#step(t, step, index);
    await this.#settlePending();
    await this.#rest();
    if (looks) await this.#data(t, { kind: 'compare' });
    this.#resting = this.oracle.resting();
    if (t.endpointSchema.commands.has('query-named-block-nodes'))
      this.graph = withoutDir(
        await this.#session.execute('query-named-block-nodes').catch(() => null),
        t.dir,
      );
  }

  async #step(t: CaseContext, step: Step, index: number): Promise<void> {
    if (this.#pending.length === 0) await this.#rest();
    if (step.kind === 'call') {
      await this.#call(t, step, index);
      return;
    }
    await this.#settlePending();
    if (step.kind === 'sleep') await this.#session.endpoint.settle(step.milliseconds);
    else if (step.kind === 'wait') await this.#wait(t, step.event);
    else if (isDataStep(step)) await this.#data(t, step);
    else if (step.kind === 'overwrite') {
      this.oracle.effects.overwritten(step.file.slice(1));
      // What the endpoint tells of the file afterwards is nobody's fault.
      await t.sideAction('overwrite-file', () => overwrite(step, t.scratch));
    } else {
      this.commands += 1;
      await t.raw(concrete(step.text, t.dir));
    }
  }

  async #call(t: CaseContext, step: Call, index: number): Promise<void> {
    const monitor = step.monitor === 0 ? t : await this.#monitor(t, step.monitor);
    this.commands += 1;
    const reply = monitor.request(messageOf(step, index, t.dir));
    // Seen by `settlePending`; until then a rejection must not count as unhandled.
    reply.catch(() => undefined);
    this.#pending.push(reply);
    if (!step.pipelined) await this.#settlePending();
  }

  async #data(t: CaseContext, step: DataStep): Promise<void> {
    if (!offersData(t.endpointSchema)) return;
    if (step.kind === 'compare') await t.sideAction(LOOK, () => this.oracle.compare());
    else await t.sideAction(WRITE, () => this.oracle.write({ ...step, through: step.through.slice(1) }));
  }

  #monitor(t: CaseContext, index: number): Promise<MonitorHandle> {
    let monitor = this.#monitors.get(index);
    if (monitor === undefined) {
      monitor = t.monitor(index);
      this.#monitors.set(index, monitor);
    }
    return monitor;
  }

  /**
   * On a virtual clock nothing but time may decide how far jobs are at the next step: they get on as far as they can
   * without it, however fast the machine is.
   */
  async #rest(): Promise<void> {
    const { endpoint } = this.#session;
    if (endpoint.virtualTime === true) await endpoint.settle(0);
  }

  async #settlePending(): Promise<void> {
    await Promise.all(this.#pending.splice(0));
  }

  /** In ever longer looks, for as long as a job lives that may still bring the event by itself. */
  async #wait(t: CaseContext, event: string): Promise<void> {
    const known = t.pending().length;
    const came = (): boolean =>
      t
        .pending()
        .slice(known)
        .some((one) => one.event === event);
    for (let look = 1, waited = 0; waited < WAIT_MS; waited += look, look *= 2) {
      if (came() || !(await this.#isJobUnderWay(t, waited >= READY_MS))) return;
      await this.#session.endpoint.settle(look);
    }
  }

  /** `late`: also one that is ready would have gone on by now, had somebody told it to. */
  async #isJobUnderWay({ endpointSchema }: CaseContext, late: boolean): Promise<boolean> {
    const query = jobsQuery(endpointSchema);
    // An endpoint that died of it is for the next step to find.
    return query !== null && isAnyUnderWay(await this.#session.execute(query).catch(() => null), late);
  }
}

/** A call as it is sent; the id tells pipelined ones apart. */
export function messageOf({ command, arguments: args }: Call, index: number, dir: string): JsonObject {
  const given = Object.keys(args).length === 0 ? {} : { arguments: concrete(args, dir) };
  return { execute: command, ...given, id: index };
}

/** Replaces what a file holds; one that is not there stays away, as nobody would have asked for it. */
async function overwrite({ file, size, byte }: Overwrite, scratch: string): Promise<void> {
  const path = join(scratch, file.slice(1));
  if (existsSync(path)) await writeFile(path, Buffer.alloc(size, byte));
}
