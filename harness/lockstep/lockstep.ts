/**
 * Runs the same case on several sides in lockstep:
 *
 *   1. each side gets the case with its exchanges held back until all sides have come as far (`synchronised-monitor.ts`);
 *   2. before an exchange jobs are brought into the same state (`job-sync.ts`), so that a fast endpoint and a slow one are
 *      asked the same question at the same moment of the jobs' lives;
 *   3. there, and at the end, all sides are looked at (`state-samples.ts`).
 */
import type { CaseContext, CaseDefinition } from '../cases/case.ts';
import type { SideRun } from '../differ/side-run.ts';
import { Rendezvous } from './barrier.ts';
import { Standing } from './job-sync.ts';
import type { CaseMaker, Prepare, Side } from './lockstep-side.ts';
import { Seat } from './side-state.ts';
import { Looks } from './state-samples.ts';
import { type Arrive, heldContext } from './synchronised-monitor.ts';

export interface LockstepRun {
  /** In the order given. */
  readonly sides: readonly Pick<SideRun, 'record' | 'looks'>[];
  /** Numbers of the exchanges at which the sides stood differently by chance: in their jobs, or in what was in flight. */
  readonly skewed: ReadonlySet<number>;
}

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
  const standing = new Standing(seats);
  const looks = new Looks(seats);
  const skewed = new Set<number>();
  const rendezvous = new Rendezvous(sides.length, sides[0]!.setting.caseTimeout * PATIENCE, async () => {
    const alike = await standing.alike();
    if (!alike) skewed.add(Math.max(...seats.map(({ exchanges }) => exchanges)) + 1);
    await looks.take(alike);
  });
  const runs = await Promise.all(
    sides.map(async (side, index) => {
      const seat = seats[index]!;
      const made: CaseMaker = (session) => {
        seat.session = session;
        const { definition: own, ...rest } = make(session);
        return { ...rest, definition: held(own, seat, () => rendezvous.arrive(index)) };
      };
      try {
        const record = await side.run(definition, made, fresh, prepare);
        return { record, looks: seat.looks };
      } finally {
        seat.session = null;
        rendezvous.leave(index);
      }
    }),
  );
  for (const { overlapped } of seats) for (const number of overlapped) skewed.add(number);
  return { sides: runs, skewed };
}

/** The case, held back before each exchange and at its end. Cases that need an endpoint of their own look for themselves. */
function held(definition: CaseDefinition, seat: Seat, arrive: Arrive): CaseDefinition {
  const looks = definition.fresh !== true;
  return {
    ...definition,
    run: async (t: CaseContext) => {
      if (looks) seat.context = t;
      try {
        await definition.run(heldContext(t, seat, arrive));
      } finally {
        seat.over = true;
        if (looks) await arrive();
        seat.context = null;
      }
    },
  };
}
