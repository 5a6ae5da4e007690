/** The thread behind `fuzz-thread-worker.ts`: prepares its own endpoint, then does what it is asked. */
import { parentPort, workerData } from 'node:worker_threads';
import { DEFAULT_HANG_MS } from '../fuzz/fuzz-defaults.ts';
import { type Hand, localHand } from '../fuzz/fuzz-worker.ts';
import { prepare } from '../fuzz/prepare-campaign.ts';
import { ScratchArea } from '../runner/scratch.ts';
import { laneFor, meetRival } from './diff-target.ts';
import type { ThreadData, ThreadReply, ThreadRequest } from './fuzz-thread-worker.ts';
import { targetOption } from './options.ts';
import { keepToShare } from './processors.ts';

const port = parentPort!;
const { target: name, match, limits, diff, share } = workerData as ThreadData;
const ready = start();
ready.catch(() => undefined);

async function start(): Promise<{ hand: Hand; area: ScratchArea }> {
  await keepToShare(share);
  const area = await ScratchArea.open();
  const { target } = await targetOption(name);
  const prepared = await prepare({ target, area, timeout: DEFAULT_HANG_MS, invalid: 0, raw: 0 });
  const rival = diff === undefined ? null : await meetRival(diff, area);
  const { setting, abstract } = prepared;
  const lane = laneFor(prepared, rival, area);
  return { area, hand: localHand({ lane, setting, abstract, rule: match, limits }) };
}

async function answer({ method, args }: ThreadRequest): Promise<ThreadReply> {
  try {
    const { hand, area } = await ready;
    const value = await (hand[method] as (...given: readonly unknown[]) => Promise<unknown>)(...args);
    if (method === 'stop') await area.close();
    return { value };
  } catch (error) {
    return { error: (error as Error).stack ?? String(error) };
  }
}

port.on('message', (request: ThreadRequest) => {
  void answer(request).then((reply) => port.postMessage(reply));
});
