/** Executors for `fuzz --diff` and for findings of it: each program runs on a second target too. */
import type { Expectation } from '../expectations/expectation.ts';
import { KnownDeviations } from '../expectations/known-deviations.ts';
import type { PreparedCampaign } from '../fuzz/prepare-campaign.ts';
import { ProgramExecutor, type ProgramRunner } from '../fuzz/program-executor.ts';
import { DiffExecutor } from '../lockstep/diff-executor.ts';
import { explainer } from '../lockstep/explain-difference.ts';
import { type IdentifiedTarget, identifyTarget } from '../lockstep/lockstep-side.ts';
import type { ScratchArea } from '../runner/scratch.ts';
import { programLimits } from '../time-limits.ts';
import { onTarget } from './call-faults.ts';
import { type TargetOptions, usableTarget } from './target-option.ts';

/** The second target, by its name. Throws `UsageError` if it cannot be used here. */
export async function identifyDiffTarget(
  name: string,
  options: TargetOptions,
  area: ScratchArea,
): Promise<IdentifiedTarget> {
  const { target } = await usableTarget(name, options);
  return onTarget(target, () => identifyTarget(target, area, programLimits()));
}

/** With a second target if there is one; what `expectations` say of their differences is no finding. */
export function executorFor(
  { identity, config, normaliseText }: PreparedCampaign,
  diffTarget: IdentifiedTarget | null,
  area: ScratchArea,
  expectations: readonly Expectation[],
): ProgramRunner {
  if (diffTarget === null) return new ProgramExecutor(config, area);
  const { target, endpointSchema, undecided, seed, signal, first } = config;
  const sides = { endpoint: diffTarget.identity, left: identity };
  const known = new KnownDeviations(expectations, { about: 'difference', ...sides });
  return new DiffExecutor({
    left: {
      target,
      identity,
      endpointSchema,
      ...(undecided && { undecided }),
      ...(first && { session: first }),
    },
    right: diffTarget,
    explain: explainer(known, normaliseText),
    area,
    seed,
    signal,
  });
}
