/** The thread behind `fuzz-thread-worker.ts`: prepares its own endpoint, then does what it is asked. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { stackTaker } from '../fuzz/crash-stack.ts';
import { type FuzzWorker, localWorker } from '../fuzz/fuzz-worker.ts';
import { prepareCampaign } from '../fuzz/prepare-campaign.ts';
import { ScratchArea } from '../runner/scratch.ts';
import { withQuirks } from '../targets/target.ts';
import { faultText } from './call-faults.ts';
import { executorFor, identifyDiffTarget } from './diff-target.ts';
import { loadExpectations } from './expectation-options.ts';
import type { ThreadData, ThreadReply, ThreadRequest } from './fuzz-thread-worker.ts';
import { keepToShare } from './processors.ts';
import { targetOption } from './target-option.ts';

interface Ready {
  readonly worker: FuzzWorker;
  readonly area: ScratchArea;
}

async function start(data: ThreadData): Promise<Ready> {
  const { match, budget, diff, quirks, share } = data;
  await keepToShare(share);
  const named = await targetOption(data.target, data);
  const target = quirks === undefined ? named.target : withQuirks(named.target, quirks);
  const area = await ScratchArea.for(target);
  const prepared = await prepareCampaign({ target, area, invalid: 0, raw: 0 });
  const diffTarget = diff === undefined ? null : await identifyDiffTarget(diff, data, area);
  const { config, normaliseText } = prepared;
  // Only differences are explained here; what is known of findings is the campaign's to say.
  const expectations = diffTarget === null ? [] : loadExpectations(data, [named.expectations]);
  const executor = executorFor(prepared, diffTarget, area, expectations);
  const stackOf = stackTaker(config, area);
  return { area, worker: localWorker({ executor, config, normaliseText, rule: match, budget, stackOf }) };
}

async function answer(ready: Promise<Ready>, { method, args }: ThreadRequest): Promise<ThreadReply> {
  try {
    const { worker, area } = await ready;
    const value = await (worker[method] as (...given: readonly unknown[]) => Promise<unknown>)(...args);
    if (method === 'stop') await area.close();
    return { value };
  } catch (error) {
    return { error: faultText(error) };
  }
}

function serve(port: MessagePort, data: ThreadData): void {
  const ready = start(data);
  ready.catch(() => undefined);
  port.on('message', (request: ThreadRequest) => {
    void answer(ready, request).then((reply) => port.postMessage(reply));
  });
}

// null where it is imported outside of a thread
if (parentPort !== null) serve(parentPort, workerData as ThreadData);
