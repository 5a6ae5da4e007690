/**
 * A campaign with two workers against one with a single worker, each with threads and endpoints of its own: seconds
 * for as many commands, without those that threads and first endpoints take to come up. Nothing is investigated:
 * what is found depends on chance.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { threadWorker } from '../harness/cli/fuzz-thread-worker.ts';
import { runCampaign } from '../harness/fuzz/campaign.ts';
import { type PreparedCampaign, prepareCampaign } from '../harness/fuzz/prepare-campaign.ts';
import { DEFAULT_BUDGET } from '../harness/fuzz/triage.ts';
import { ScratchArea } from '../harness/runner/scratch.ts';
import { qemuStorageDaemon } from '../harness/targets/qemu-storage-daemon.ts';
import { missingProgram, STORAGE_DAEMON } from './endpoints.ts';
import { type Benchmark, compared, median, seconds } from './measure.ts';

const COMMANDS = 3_000;
const ROUNDS = 3;

const claim = {
  id: 'fuzz-workers',
  title: 'a campaign on qemu-storage-daemon with two workers against one with one',
  claim: 1.6,
};

export const fuzzWorkers: Benchmark = {
  unavailable: async () =>
    availableParallelism() < 2 ? 'there is one processor only' : missingProgram(STORAGE_DAEMON),
  async measure({ rounds, amount }) {
    const commands = amount(COMMANDS);
    const area = await ScratchArea.open();
    const folder = mkdtempSync(join(tmpdir(), 'qmpcheck-bench-fuzz-'));
    try {
      const target = qemuStorageDaemon(STORAGE_DAEMON);
      const prepared = await prepareCampaign({ target, area, invalid: 0.05, raw: 0.01 });
      const times: { ours: number[]; peer: number[] } = { ours: [], peer: [] };
      for (let round = 0; round < rounds(ROUNDS); round += 1) {
        times.peer.push(await campaign(prepared, 1, commands, join(folder, `one${round}`)));
        times.ours.push(await campaign(prepared, 2, commands, join(folder, `two${round}`)));
      }
      return [
        compared(
          { ...claim, round: `${commands} commands` },
          { ours: median(times.ours), peer: median(times.peer) },
        ),
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await area.close();
    }
  },
};

/** Seconds for so many commands. */
async function campaign(
  { generation, config }: PreparedCampaign,
  workers: number,
  commands: number,
  out: string,
): Promise<number> {
  mkdirSync(out);
  const team = Array.from({ length: workers }, (_, index) =>
    threadWorker({
      target: STORAGE_DAEMON,
      match: 'bucket',
      budget: DEFAULT_BUDGET,
      expect: [],
      share: { index, of: workers },
    }),
  );
  try {
    // Every start state once, so that all endpoints are up.
    for (const worker of team)
      for (const { name } of config.startStates) await worker.run(`ground ${name}\nquery-block-jobs {}\n`);
    const head = { target: STORAGE_DAEMON, version: null, seed: 'bench', startStates: config.startStates };
    let sent = 0;
    const taken = await seconds(async () => {
      const { progress } = await runCampaign({
        generation,
        workers: team,
        out,
        head,
        seed: 'bench',
        version: 'bench',
        commands,
        isKnown: () => true,
      });
      sent = progress.commands;
    });
    return (taken * commands) / sent;
  } finally {
    await Promise.all(team.map((worker) => worker.stop()));
  }
}
