/** The end of a job that is asked for while it is ending by itself. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { testServices } from '../testing/test-services.ts';
import { Job } from './job.ts';
import { MainLoop } from './main-loop.ts';

test('is there only when the job has let go of its nodes', async () => {
  const services = testServices('/');
  const loop = new MainLoop(services.hostWork);
  let letGo = (): void => {};
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const driver = {
    type: 'backup' as const,
    run: () => Promise.resolve(),
    hasNode: () => false,
    free: () => gone,
  };
  const job = new Job(services, loop, { id: 'j', driver });
  await job.start();
  while (job.status !== 'null') await turn();
  let ended = false;
  const cancelled = job.cancelSync().then(() => {
    ended = true;
  });
  await turn();
  expect(ended).toBe(false);
  letGo();
  await cancelled;
});
