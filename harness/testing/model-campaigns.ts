/** For tests: campaigns on the model endpoint, in this process. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type CampaignResult, LOG, runCampaign } from '../fuzz/campaign.ts';
import { type FuzzWorker, localWorker } from '../fuzz/fuzz-worker.ts';
import { type PreparedCampaign, prepareCampaign } from '../fuzz/prepare-campaign.ts';
import { ProgramExecutor } from '../fuzz/program-executor.ts';
import { ScratchArea } from '../runner/scratch.ts';
import { DEFECTS, type Defect } from './selftest/defects.ts';
import { plantedTarget } from './selftest/plant.ts';

export function planted(name: string): Defect {
  return DEFECTS.find((defect) => defect.name === name)!;
}

interface Run {
  /** The name of its folder, below that of all. */
  readonly name: string;
  readonly defect: Defect | null;
  readonly commands: number;
  readonly startState?: string;
  readonly workers?: number;
  readonly isKnown?: (bucket: string) => boolean;
  readonly afresh?: boolean;
  readonly signal?: AbortSignal;
  readonly beforeTriage?: () => void;
}

export class ModelCampaigns {
  readonly area: ScratchArea;
  readonly folder = mkdtempSync(join(tmpdir(), 'qmpcheck-campaign-'));

  private constructor(area: ScratchArea) {
    this.area = area;
  }

  static async open(): Promise<ModelCampaigns> {
    return new ModelCampaigns(await ScratchArea.open());
  }

  async prepared(defect: Defect | null): Promise<PreparedCampaign> {
    const target = plantedTarget(defect);
    const made = await prepareCampaign({ target, area: this.area, invalid: 0, raw: 0 });
    return { ...made, config: { ...made.config, imageReader: target.imageReader } };
  }

  async run(run: Run): Promise<CampaignResult> {
    const { name, defect, commands, startState = 'empty', workers = 1, beforeTriage, ...options } = run;
    const { config, generation, normaliseText, identity } = await this.prepared(defect);
    const startStates = config.startStates.filter((one) => one.name === startState);
    const own = { ...config, startStates };
    const crew = Array.from({ length: workers }, () =>
      localWorker({ executor: new ProgramExecutor(own, this.area), config: own, normaliseText }),
    ).map(
      (worker): FuzzWorker => ({
        ...worker,
        triage: (program, symptom) => {
          beforeTriage?.();
          return worker.triage(program, symptom);
        },
      }),
    );
    const out = join(this.folder, name);
    mkdirSync(out, { recursive: true });
    try {
      return await runCampaign({
        generation: { ...generation, startStates },
        workers: crew,
        out,
        head: { target: 'fake', version: identity.version, seed: 's', startStates },
        seed: 's',
        version: 'test',
        commands,
        ...options,
      });
    } finally {
      for (const worker of crew) await worker.stop();
    }
  }

  /** The log without what depends on the machine. */
  log(name: string): string {
    return readFileSync(join(this.folder, name, LOG), 'utf8').replace(
      /"(milliseconds|residentBytes)":[\d.e-]+/g,
      '',
    );
  }

  /** Expects no finding on the endpoint without a defect, and more than `corpus` programs kept. */
  async expectSound(startState: string, commands: number, corpus: number): Promise<void> {
    const { progress, findings } = await this.run({
      name: `sound-${startState}`,
      defect: null,
      startState,
      commands,
    });
    expect(findings).toEqual([]);
    expect(progress).toMatchObject({ errors: 0, lastError: null });
    expect(progress.corpus).toBeGreaterThan(corpus);
  }

  async close(): Promise<void> {
    await this.area.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
