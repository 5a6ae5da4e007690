/**
 * Runs the same case on several sides in lockstep:
 *
 *   1. each side gets the case with its exchanges held back until all sides have come as far;
 *   2. before an exchange jobs are brought into the same state, so that a fast endpoint and a slow one are asked the
 *      same question at the same moment of the jobs' lives;
 *   3. at the end the state is asked for: graph, drives, jobs, statistics. These are exchanges like all others, so that
 *      comparing transcripts compares state;
 *   4. and where no job runs, the contents of all nodes are read.
 */
import { isJsonObject, type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import type { Schema } from '../../spec/model.ts';
import type { CaseContext, CaseDefinition, MonitorHandle } from '../cases/case.ts';
import type { SideRun } from '../differ/side.ts';
import type { Session } from '../runner/session.ts';
import { contentsOf } from './contents.ts';
import { Rendezvous } from './rendezvous.ts';
import type { CaseMaker, Prepare, Side } from './side.ts';

export interface LockstepRun {
  /** In the order given. */
  readonly sides: readonly Pick<SideRun, 'record' | 'contents'>[];
  /** Numbers of the exchanges at which the sides stood differently by chance: in their jobs, or in what was in flight. */
  readonly skewed: ReadonlySet<number>;
}

/** Asked at the end, where all sides offer it. */
const STATE_QUERIES: readonly { readonly command: string; readonly arguments?: JsonObject }[] = [
  { command: 'query-named-block-nodes' },
  { command: 'query-block' },
  { command: 'query-block-jobs' },
  { command: 'query-jobs' },
  { command: 'query-blockstats', arguments: { 'query-nodes': true } },
];

/** How often, and how long each time in milliseconds, jobs are waited for to stand alike. */
const TRIES = 25;
const PAUSE_MS = 4;

/** Of the time limit of a case: how long a side waits for another before it goes on alone. */
const PATIENCE = 0.5;

export async function lockstep(
  sides: readonly Side[],
  definition: CaseDefinition,
  make: CaseMaker = () => ({ definition }),
  fresh = definition.fresh === true,
  prepare?: Prepare,
): Promise<LockstepRun> {
  const seats: Seat[] = sides.map(({ setting }) => new Seat(setting.offered));
  const jobs = new Jobs(seats);
  const skewed = new Set<number>();
  const rendezvous = new Rendezvous(sides.length, sides[0]!.setting.caseTimeout * PATIENCE, async () => {
    if (!(await jobs.alike())) skewed.add(Math.max(...seats.map(({ exchanges }) => exchanges)) + 1);
  });
  const queries = STATE_QUERIES.filter(({ command }) =>
    sides.every(({ setting }) => setting.offered.commands.has(command)),
  );
  const runs = await Promise.all(
    sides.map(async (side, index) => {
      const seat = seats[index]!;
      const made: CaseMaker = (session) => {
        seat.session = session;
        const { definition: own, ...rest } = make(session);
        return { ...rest, definition: held(own, seat, () => rendezvous.arrive(index), queries) };
      };
      try {
        const record = await side.run(definition, made, fresh, prepare);
        return { record, contents: seat.contents };
      } finally {
        seat.session = null;
        rendezvous.leave(index);
      }
    }),
  );
  for (const { overlapped } of seats) for (const number of overlapped) skewed.add(number);
  return { sides: runs, skewed };
}

/** What the rendezvous knows of a side. */
class Seat {
  session: Session | null = null;
  /** Exchanges begun, and those not answered yet. */
  exchanges = 0;
  inFlight = 0;
  /** Numbers of exchanges that were begun while others were not answered. */
  readonly overlapped = new Set<number>();
  /** A command may have started a job that is there still. */
  jobs = false;
  /** It has done so since jobs were looked at last. */
  started = false;
  /** Of nodes, at the end. */
  contents: Readonly<Record<string, string>> = {};
  readonly offered: Schema;

  constructor(offered: Schema) {
    this.offered = offered;
  }

  get usable(): boolean {
    const { session } = this;
    return session !== null && session.main !== null && session.endpoint.running;
  }

  /** Jobs and how they stand, as far as both know the words. */
  async jobStates(): Promise<string> {
    if (!this.jobs || !this.usable || !this.offered.commands.has('query-block-jobs')) return '';
    const jobs = await this.session!.execute('query-block-jobs').catch(() => null);
    if (!Array.isArray(jobs)) return '';
    this.jobs = jobs.length > 0;
    return jobs.map(stateOf).toSorted().join(' ');
  }
}

function stateOf(job: Json): string {
  if (!isJsonObject(job)) return stringifyJson(job);
  const { device, ready, paused } = job;
  return `${String(device)}:${ready === true ? 'ready' : ''}:${paused === true ? 'paused' : ''}`;
}

/** Brings the jobs of all sides into the same state, where waiting does it. */
class Jobs {
  readonly #seats: readonly Seat[];
  /** States that waiting has not changed: it is not tried again. */
  #given = '';

  constructor(seats: readonly Seat[]) {
    this.#seats = seats;
  }

  /** False if they do not come to stand alike. */
  async alike(): Promise<boolean> {
    // Jobs that are done at once on one side shall not be asked about while they are still at it.
    if (this.#seats.some(({ started }) => started)) await this.#wait();
    for (const seat of this.#seats) seat.started = false;
    for (let tries = 0; tries < TRIES && this.#seats.some(({ jobs }) => jobs); tries += 1) {
      // Who has no job yet, or none any more, has to be looked at too while another has one.
      for (const seat of this.#seats) seat.jobs = true;
      const states = await Promise.all(this.#seats.map((seat) => seat.jobStates()));
      if (states.every((state) => state === states[0])) return true;
      for (const seat of this.#seats) seat.jobs = true;
      const now = states.join(' | ');
      if (now === this.#given) return false;
      if (tries === TRIES - 1) this.#given = now;
      await this.#wait();
    }
    return !this.#seats.some(({ jobs }) => jobs);
  }

  async #wait(): Promise<void> {
    await Promise.all(
      this.#seats.map(({ session }) => session?.endpoint.settle(PAUSE_MS).catch(() => undefined)),
    );
  }
}

/** Waits for the other sides. */
type Arrive = () => Promise<void>;

/** The case, held back before each exchange. */
function held(
  definition: CaseDefinition,
  seat: Seat,
  arrive: Arrive,
  queries: typeof STATE_QUERIES,
): CaseDefinition {
  return {
    ...definition,
    run: async (t) => {
      const context = heldContext(t, seat, arrive);
      try {
        await definition.run(context);
      } finally {
        if (definition.fresh !== true && seat.usable) {
          await askState(context, seat, queries);
          await arrive();
          await readContents(context, seat);
        }
      }
    },
  };
}

async function askState(t: CaseContext, seat: Seat, queries: typeof STATE_QUERIES): Promise<void> {
  for (const { command, arguments: args } of queries) {
    if (!seat.usable) return;
    await t.request({ execute: command, ...(args && { arguments: args }) });
  }
}

async function readContents(t: CaseContext, seat: Seat): Promise<void> {
  if (seat.jobs || !seat.usable) return;
  await t.aside('query-contents', async () => {
    seat.contents = await contentsOf(seat.session!, seat.offered);
  });
}

function heldContext(t: CaseContext, seat: Seat, arrive: Arrive): CaseContext {
  const handle = heldMonitor(t, seat, arrive);
  return new Proxy(t, {
    get: (target, name) => {
      if (name === 'monitor')
        return async (index: number) => heldMonitor(await t.monitor(index), seat, arrive);
      const own = (handle as unknown as Record<string | symbol, unknown>)[name];
      if (HELD.has(name)) return own;
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Methods that exchange something. */
const HELD: ReadonlySet<string | symbol> = new Set(['execute', 'refused', 'request', 'raw']);

function heldMonitor(monitor: MonitorHandle, seat: Seat, arrive: Arrive): MonitorHandle {
  return new Proxy(monitor, {
    get: (target, name) => {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      const method = value.bind(target) as (...args: unknown[]) => unknown;
      if (!HELD.has(name)) return method;
      return async (...args: unknown[]) => {
        const together = seat.inFlight > 0;
        await arrive();
        seat.exchanges += 1;
        // What commands in flight together find depends on which is carried out first.
        if (together || seat.inFlight > 0) seat.overlapped.add(seat.exchanges);
        if (mayStartJob(args[0])) {
          seat.jobs = true;
          seat.started = true;
        }
        seat.inFlight += 1;
        try {
          return await method(...args);
        } finally {
          seat.inFlight -= 1;
        }
      };
    },
  });
}

const JOB_STARTERS =
  /^(block-stream|block-commit|blockdev-(mirror|backup|create)|drive-(mirror|backup)|transaction|x-blockdev-amend)$/;

function mayStartJob(what: unknown): boolean {
  const command = typeof what === 'string' ? what : (what as JsonObject | undefined)?.execute;
  return typeof command === 'string' && JOB_STARTERS.test(command);
}
