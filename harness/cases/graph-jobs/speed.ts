/** The speed of jobs, measured: how far one gets in a given time, and not only what it reports as its limit. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addLayers, chainNodes, makeLayers } from '../helpers/backing-chains.ts';
import { BUFFER, checkPace, offsetOf } from '../helpers/job-pace.ts';
import { backupJobs, CRAWL, cancelled, crawlingBackup } from '../helpers/job-steps.ts';
import { dataOf, entryTo } from '../helpers/qcow2-image.ts';
import { type CaseFile, KiB, MiB, needs } from '../helpers/shared-setup.ts';

const SPEED = MiB;
/** A little more than 64 KiB in a tenth of a second: a job that need not make up for its second piece is twice as fast. */
const LOW_SPEED = 10.5 * 64 * KiB;
/** What a mirror, which an active commit is, may copy before its limit holds it: it has many requests in flight. */
const MIRROR_BUFFER = 16 * MiB;
const SIZE = 32 * MiB;
const CLUSTER = 64 * KiB;

/** Three images: one with as much data as is to be copied between two without any. Nodes of the names given, and its file. */
async function dataInTheMiddle(t: CaseContext): Promise<{ middle: string; top: string; file: CaseFile }> {
  // All of it is the same cluster of the file, which is read and never written.
  const one = entryTo(dataOf(CLUSTER));
  const data = new Map(Array.from({ length: SIZE / CLUSTER }, (_, index) => [index, one]));
  const image = { size: SIZE, clusterSize: CLUSTER, clusters: new Map([[0, 0x22]]) };
  const layers = await addLayers(t, await makeLayers(t, [image, { ...image, entries: data }, image]));
  return { middle: layers[1]!.node, top: layers[2]!.node, file: layers[1]!.file };
}

export const speedCases: readonly CaseDefinition[] = [
  {
    id: 'block-job-set-speed/same-again',
    title: 'Setting the speed that a job has gets it no further than its speed lets it',
    requirements: ['block-job-set-speed/sets'],
    needs: needs(backupJobs, { commands: ['block-job-set-speed'] }),
    async run(t: CaseContext) {
      const id = await crawlingBackup(t);
      const most = (await offsetOf(t, id)) + BUFFER;
      // A job that copied as little as 64 KiB each time would be beyond that.
      for (let times = 0; times < 48; times += 1)
        await t.execute('block-job-set-speed', { device: id, speed: CRAWL });
      const after = await offsetOf(t, id);
      t.check(after <= most, `the offset must be ${most} at most`, `it is ${after}`);
      await cancelled(t, id);
    },
  },
  {
    id: 'block-stream/speed-measured',
    title: 'A stream gets on, and copies no more than speed bytes a second',
    requirements: ['block-stream/speed'],
    needs: needs(chainNodes, {
      commands: ['block-stream', 'query-block-jobs', 'block-job-cancel'],
      events: ['BLOCK_JOB_CANCELLED'],
    }),
    async run(t: CaseContext) {
      const { top } = await dataInTheMiddle(t);
      const id = t.name('job');
      const since = performance.now();
      await t.execute('block-stream', { 'job-id': id, device: top, speed: SPEED });
      await checkPace(t, id, SPEED, since);
      await cancelled(t, id);
    },
  },
  {
    id: 'block-commit/speed-measured',
    title:
      'Commits, of an image in the middle and of the active layer, copy no more than speed bytes a second',
    requirements: ['block-commit/speed'],
    needs: needs(chainNodes, {
      commands: ['block-commit', 'query-block-jobs', 'block-job-cancel'],
      events: ['BLOCK_JOB_CANCELLED'],
    }),
    async run(t: CaseContext) {
      for (const isActive of [false, true]) {
        const { middle, top, file } = await dataInTheMiddle(t);
        const id = t.name('job');
        const since = performance.now();
        const args: JsonObject = isActive ? { device: middle } : { device: top, top: file.path };
        if (isActive) await t.execute('blockdev-del', { 'node-name': top });
        await t.execute('block-commit', { 'job-id': id, ...args, speed: SPEED });
        await checkPace(t, id, SPEED, since, { buffer: isActive ? MIRROR_BUFFER : BUFFER });
        await cancelled(t, id);
      }
    },
  },
  {
    id: 'block-job-set-speed/measured',
    title: 'A job that is given another speed while it runs keeps to that one',
    requirements: ['block-job-set-speed/sets'],
    needs: needs(backupJobs, { commands: ['block-job-set-speed'] }),
    async run(t: CaseContext) {
      const id = await crawlingBackup(t);
      t.check(
        (await offsetOf(t, id)) <= BUFFER,
        'a crawling job must have got no further than a buffer',
        'it has',
      );
      for (const speed of [8 * SPEED, LOW_SPEED]) {
        const from = await offsetOf(t, id);
        const since = performance.now();
        await t.execute('block-job-set-speed', { device: id, speed });
        await checkPace(t, id, speed, since, { from });
      }
      await cancelled(t, id);
    },
  },
];
