/** Generating values and simplifying them, against budgets: nothing else makes QAPI values here. */
import { type Arbitrary, array, check, property, sample } from 'fast-check';
import { argumentsOf } from '../generators/arbitraries/command-arguments.ts';
import { nothingLive } from '../generators/types/live-names.ts';
import { loadBlockSchema } from '../spec/block-core.ts';
import type { JsonObject } from '../spec/json.ts';
import { type Benchmark, type Claim, inTurns, type Measurement } from './measure.ts';

const ROUNDS = 9;
const VALUES = 15_000;
/** `BlockdevOptions` a second. */
const RATE = 30_000;

const STEPS = 50;
/** Seconds in which a failing value of that many steps is made as simple as it gets. */
const SHRINK_BUDGET = 1;

/** Time without a peer: the budget is what it is compared with. */
async function against(
  rounds: number,
  budget: number,
  claim: Omit<Claim, 'claim'>,
  work: () => unknown,
): Promise<Measurement> {
  const { ours } = await inTurns(rounds, work, () => undefined);
  return { ...claim, claim: 1, ours, peer: budget, ratio: budget / ours };
}

export const generateRate: Benchmark = {
  unavailable: () => Promise.resolve(null),
  async measure({ rounds, amount }) {
    const values = amount(VALUES);
    const command = loadBlockSchema().commands.get('blockdev-add')!;
    const options = argumentsOf(command, () => ({ ...nothingLive('/scratch'), nodes: ['node0', 'node1'] }));
    let seed = 0;
    return [
      await against(
        rounds(ROUNDS),
        values / RATE,
        {
          id: 'generate-rate',
          title: `BlockdevOptions, warm, against a budget of ${RATE} a second`,
          round: `${values} values`,
        },
        () => sample(options, { numRuns: values, seed: ++seed }),
      ),
      await against(
        rounds(ROUNDS),
        SHRINK_BUDGET,
        {
          id: 'shrink-time',
          title: `a failing list of ${STEPS} BlockdevOptions, shrunk, against a budget of ${SHRINK_BUDGET} s`,
          round: 'one failure, from generation to the simplest counterexample',
        },
        () => shrinkSteps(options),
      ),
    ];
  },
};

/** Throws unless what is left of the steps is the two that matter, each as simple as it gets. */
function shrinkSteps(options: Arbitrary<JsonObject>): void {
  const has = (list: readonly JsonObject[], driver: string) => list.some((step) => step.driver === driver);
  let steps: JsonObject[] = [];
  for (let seed = 1; !(has(steps, 'qcow2') && has(steps, 'quorum')); seed++)
    steps = sample(options, { numRuns: STEPS, seed });
  const { counterexample } = check(
    property(array(options, { maxLength: STEPS }), (list) => !(has(list, 'qcow2') && has(list, 'quorum'))),
    { examples: [[steps]], numRuns: 1, seed: 4 },
  );
  const left = counterexample?.[0] ?? [];
  if (left.length !== 2 || left.some((step) => Object.keys(step).length > 3))
    throw new Error(`shrinking ended at ${left.length} steps`);
}
