/** Fuzzes the fake endpoint once for each planted defect: is it found, after how many commands, how small is it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FindingLine, runCampaign } from '../../fuzz/campaign.ts';
import { localWorker } from '../../fuzz/fuzz-worker.ts';
import { prepareCampaign } from '../../fuzz/prepare-campaign.ts';
import { ProgramExecutor } from '../../fuzz/program-executor.ts';
import { replayFindings } from '../../fuzz/replay-finding.ts';
import { ScratchArea } from '../../runner/scratch.ts';
import type { Defect } from './defects.ts';
import { plantedTarget } from './plant.ts';

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
    const prepared = await prepareCampaign({ target, area, invalid: 0.05, raw: 0 });
    const { config, generation, normaliseText, identity } = prepared;
    const startStates = config.startStates.filter(({ name }) => name === (defect.startState ?? 'empty'));
    const own = {
      ...config,
      startStates,
      freshEndpoints: false,
      gauge: target.gauge,
      imageReader: target.imageReader,
    };
    const worker = localWorker({ executor: new ProgramExecutor(own, area), config: own, normaliseText });
    let finding: FindingLine | null = null;
    await runCampaign({
      generation: { ...generation, startStates, data: defect.startState === undefined ? 0 : DATA_PROGRAMS },
      workers: [worker],
      out,
      head: { target: target.name, version: identity.version, seed, startStates },
      seed,
      version: 'selftest',
      commands,
      expired: () => finding !== null,
      onFinding: (line) => {
        if (line.kind !== defect.kind || line.folder === null) return;
        // One defect may show in several ways in a round: the simplest is what people would look at.
        if (finding === null || line.steps < finding.steps) finding = line;
      },
    });
    await worker.stop();
    const found = finding as FindingLine | null;
    if (found === null) return { defect, finding: null, replayed: false };
    const folders = [join(out, 'findings', found.folder!)];
    const [result] = await replayFindings({
      folders,
      targetOf: async () => target,
      executorOf: async () => new ProgramExecutor(own, area),
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
