/** Fuzzes the fake endpoint once for each planted defect: is it found, after how many commands, how small is it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FindingLine, runCampaign } from '../../fuzz/campaign.ts';
import { localHand } from '../../fuzz/fuzz-worker.ts';
import { prepare } from '../../fuzz/prepare-campaign.ts';
import { Lane } from '../../fuzz/program-executor.ts';
import { replayFindings } from '../../fuzz/replay-finding.ts';
import { ScratchArea } from '../../runner/scratch.ts';
import type { Defect } from './defects.ts';
import { plantedTarget } from './planted.ts';

/** Part of the programs that look at contents, for defects that are seen there only. */
const DATA_PROGRAMS = 0.6;

/** Commands within which every defect must be found. */
export const BUDGET = 60_000;

export interface SelftestResult {
  readonly defect: Defect;
  /** Null if it was not found. */
  readonly finding: FindingLine | null;
  /** Every replay of the finding shows it. */
  readonly replayed: boolean;
}

/** Steps of a finding may be one more than the least. */
export function passed({ defect, finding, replayed }: SelftestResult): boolean {
  return finding !== null && finding.steps <= defect.minimal + 1 && replayed;
}

export async function selftest(
  defect: Defect,
  seed = 'selftest',
  commands = BUDGET,
): Promise<SelftestResult> {
  const target = plantedTarget(defect);
  const out = mkdtempSync(join(tmpdir(), 'qmpcheck-selftest-'));
  const area = await ScratchArea.open();
  try {
    const prepared = await prepare({ target, area, timeout: 3_000, invalid: 0.05, raw: 0 });
    const { setting, world, abstract, identity } = prepared;
    const grounds = setting.grounds.filter(({ name }) => name === (defect.ground ?? 'empty'));
    const own = { ...setting, grounds, anew: false, gauge: target.gauge, imageReader: target.imageReader };
    const hand = localHand({ lane: new Lane(own, area), setting: own, abstract });
    let finding: FindingLine | null = null;
    await runCampaign({
      world: { ...world, grounds, data: defect.ground === undefined ? 0 : DATA_PROGRAMS },
      hands: [hand],
      out,
      head: { target: target.name, version: identity.version, seed, grounds },
      seed,
      version: 'selftest',
      commands,
      expired: () => finding !== null,
      onFinding: (line) => {
        if (line.kind === defect.kind && line.folder !== null) finding ??= line;
      },
    });
    await hand.stop();
    const found = finding as FindingLine | null;
    if (found === null) return { defect, finding: null, replayed: false };
    const folders = [join(out, 'findings', found.folder!)];
    const [result] = await replayFindings({
      folders,
      targetOf: async () => target,
      laneOf: async () => new Lane(own, area),
      area,
    });
    return { defect, finding: found, replayed: result?.verdict === 'REPRODUCED' };
  } finally {
    await area.close();
    rmSync(out, { recursive: true, force: true });
  }
}

/** The table's lines. */
export function tableLine(result: SelftestResult): string {
  const { defect, finding } = result;
  const size = finding === null ? 'not found' : `${finding.steps}/${defect.minimal}`;
  const after = finding === null ? '' : String(finding.commands);
  const verdict = passed(result) ? 'ok' : 'FAIL';
  return `${verdict.padEnd(5)}${defect.kind.padEnd(10)}${size.padStart(9)}${after.padStart(8)}  ${defect.name}`;
}
