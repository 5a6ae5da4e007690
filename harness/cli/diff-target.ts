/** Lanes for `fuzz --diff` and for findings of it: each program runs on a second target too. */
import { DEFAULT_HANG_MS } from '../fuzz/fuzz-defaults.ts';
import type { Prepared } from '../fuzz/prepare-campaign.ts';
import { Lane, type ProgramRunner } from '../fuzz/program-executor.ts';
import { DiffLane } from '../lockstep/diff-executor.ts';
import { explainer } from '../lockstep/known.ts';
import { type Introduced, meetTarget } from '../lockstep/lockstep-side.ts';
import type { ScratchArea } from '../runner/scratch.ts';
import { UsageError } from './exit.ts';
import { knownDifferences } from './known-differences.ts';
import { targetOption } from './options.ts';

/** The second target, by its name. Throws `UsageError` if it cannot be used here. */
export async function meetRival(name: string, area: ScratchArea): Promise<Introduced> {
  const { target } = await targetOption(name);
  const unavailable = await target.unavailable();
  if (unavailable !== null) throw new UsageError(`${target.name}: ${unavailable}`);
  return meetTarget(target, area, DEFAULT_HANG_MS);
}

/** With a rival if there is one. */
export function laneFor(
  { identity, setting, abstract }: Prepared,
  rival: Introduced | null,
  area: ScratchArea,
): ProgramRunner {
  if (rival === null) return new Lane(setting, area);
  const { target, offered, signal } = setting;
  return new DiffLane({
    left: { target, identity, offered },
    right: rival,
    explain: explainer(knownDifferences([], identity, rival.identity), abstract),
    area,
    seed: 'fuzz',
    ...(signal && { signal }),
  });
}
