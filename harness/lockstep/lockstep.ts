/**
 * Runs the same case on several sides in lockstep:
 *
 *   1. each side gets the case with its exchanges held back until all sides have come as far (`synchronised-monitor.ts`,
 *      `barrier.ts`);
 *   2. before an exchange jobs are brought into the same state (`job-sync.ts`), so that a fast endpoint and a slow one are
 *      asked the same question at the same moment of the jobs' lives;
 *   3. there, and at the end, snapshots are taken of all sides (`snapshot-taker.ts`).
 */
import type { CaseContext, CaseDefinition } from '../cases/case.ts';
import type { SideRun } from '../differ/side-run.ts';
import { Barrier } from './barrier.ts';
import { JobSync } from './job-sync.ts';
import type { CaseMaker, LockstepInput, Side } from './lockstep-side.ts';
import { SideState } from './side-state.ts';
import { SnapshotTaker } from './snapshot-taker.ts';
import { type Synchronisation, SynchronisedContext } from './synchronised-monitor.ts';

export interface LockstepRun {
  /** In the order given. */
  readonly sides: readonly Pick<SideRun, 'record' | 'snapshots'>[];
  /** Numbers of the exchanges at which the sides stood differently by chance: in their jobs, or in what was in flight. */
  readonly skewed: ReadonlySet<number>;
}

/** How long, as a share of the time limit of a case, a side waits for another before it goes on alone. */
const PATIENCE = 0.5;

/** Runs the input on all sides, on endpoints that have seen nothing yet if `fresh`. Each side runs one thing at a time. */
export async function lockstep(
  sides: readonly Side[],
  input: LockstepInput,
  fresh = input.definition.fresh === true,
): Promise<LockstepRun> {
  const states: SideState[] = sides.map(({ setting }) => new SideState(setting.endpointSchema));
  const jobs = new JobSync(states);
  const snapshots = new SnapshotTaker(states);
  const skewed = new Set<number>();
  const barrier = new Barrier(sides.length, sides[0]!.setting.limits.caseTimeout * PATIENCE, async () => {
    const alike = await jobs.alike();
    if (!alike) skewed.add(Math.max(...states.map(({ exchanges }) => exchanges)) + 1);
    await snapshots.take(alike);
  });
  const runs = await Promise.all(
    sides.map(async (side, index) => {
      const state = states[index]!;
      const make: CaseMaker = (session) => {
        state.connect(session);
        const { definition, checks } = input.make(session);
        return {
          checks,
          definition: synchronised(definition, { state, arrive: () => barrier.arrive(index) }),
        };
      };
      try {
        const record = await side.run({ ...input, make }, fresh);
        return { record, snapshots: state.snapshots };
      } finally {
        state.disconnect();
        barrier.leave(index);
      }
    }),
  );
  for (const { overlapped } of states) for (const number of overlapped) skewed.add(number);
  return { sides: runs, skewed };
}

/** The case, held back before each exchange and at its end. No snapshots are taken of one that may end its endpoint. */
function synchronised(definition: CaseDefinition, { state, arrive }: Synchronisation): CaseDefinition {
  const isSampled = definition.fresh !== true;
  return {
    ...definition,
    run: async (t: CaseContext) => {
      state.beginCase(isSampled ? t : null);
      try {
        await definition.run(new SynchronisedContext(t, { state, arrive }));
      } finally {
        state.endBody();
        if (isSampled) await arrive();
        state.endCase();
      }
    },
  };
}
