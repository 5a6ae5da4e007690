/** What a flush carries out: after which changes, after one that failed, and through which nodes. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { release } from '../helpers/backing-chains.ts';
import { addFailing, failingFile } from '../helpers/failing-files.ts';
import { attempt, nodeBytes, perform, writeNode } from '../helpers/node-io.ts';
import { addRawOver, fileNodes, KiB, makeFile, needs } from '../helpers/shared-setup.ts';
import { addGroup, throttleNodes } from '../helpers/throttling.ts';

const SIZE = 64 * KiB;
const flushed = needs(fileNodes, nodeBytes, { drivers: ['blkdebug'] });
const NO_FLUSH = { event: 'flush_to_disk', errno: 5 };

/** What becomes of a flush of the node. */
const flush = (t: CaseContext, node: string): Promise<string> => attempt(t, node, { kind: 'flush' });

/** Each leaves something for the next flush. */
const CHANGES: Readonly<Record<string, (t: CaseContext, node: string) => Promise<unknown>>> = {
  'a write': (t, node) => writeNode(t, node, 0, 512, 0x77),
  'a write of zeroes as data': (t, node) => writeNode(t, node, 0, 512, 0),
  'a write of zeroes': (t, node) =>
    perform(t, node, { kind: 'write-zeroes', offset: 0, length: 4 * KiB, unmap: true }),
  'a resize': (t, node) => t.execute('block_resize', { 'node-name': node, size: 2 * SIZE }),
};

/** Nodes that hand on what they are asked for, over options of a node that fails flushes. */
const ABOVE: Readonly<Record<string, (t: CaseContext, file: JsonObject) => Promise<JsonObject>>> = {
  'raw with an offset': async (_t, file) => ({ driver: 'raw', offset: 4 * KiB, file }),
  throttle: async (t, file) => ({
    driver: 'throttle',
    'throttle-group': await addGroup(t, {}),
    file: { driver: 'raw', file },
  }),
  blkdebug: async (_t, file) => ({ driver: 'blkdebug', image: { driver: 'raw', file } }),
  blkverify: async (t, file) => ({
    driver: 'blkverify',
    test: { driver: 'raw', file },
    raw: { driver: 'file', filename: (await makeFile(t, SIZE)).path },
  }),
};

export const flushes: readonly CaseDefinition[] = [
  {
    id: 'node-options/flushes-of-each-change',
    title: 'A flush reaches storage after data, zeroes and a new size alike, whichever came first',
    requirements: ['BlockdevCacheOptions/flush-is-carried-out'],
    needs: needs(flushed, { commands: ['block_resize'] }),
    async run(t: CaseContext) {
      for (const [what, change] of Object.entries(CHANGES)) {
        const file = await makeFile(t, SIZE);
        const options = { 'detect-zeroes': 'on', file: failingFile(file, NO_FLUSH) };
        const node = await addRawOver(t, file, options);
        await change(t, node);
        t.equal(await flush(t, node), 'EIO', `a flush after ${what} must reach the storage, which fails it`);
        await release(t, [node]);
      }
    },
  },
  {
    id: 'node-options/flush-owed',
    title: 'A flush that failed is still owed: the next one reaches storage, and fails as storage does',
    requirements: ['BlockdevCacheOptions/flush-is-carried-out'],
    needs: flushed,
    async run(t: CaseContext) {
      const rules = [5, 28].map((errno) => ({ event: 'flush_to_disk', errno, once: true }));
      const node = await addFailing(t, await makeFile(t, SIZE), ...rules);
      await writeNode(t, node, 0, 512, 0x77);
      const outcomes = [await flush(t, node), await flush(t, node)].toSorted();
      t.equal(outcomes, ['EIO', 'ENOSPC'], 'both flushes must fail, each with an error of its own');
      t.equal(await flush(t, node), 'done', 'a flush must succeed once storage carries it out');
    },
  },
  {
    id: 'node-options/flushes-through-filters',
    title: 'A flush of a node that hands requests on reaches the storage below it, and fails as that does',
    requirements: ['BlockdevCacheOptions/flush-is-carried-out'],
    needs: needs(flushed, throttleNodes, { drivers: ['blkverify'] }),
    async run(t: CaseContext) {
      for (const [what, above] of Object.entries(ABOVE)) {
        for (const [event, expected] of [
          ['l2_load', 'done'],
          ['flush_to_disk', 'EIO'],
        ] as const) {
          const node = t.name('above');
          const file = failingFile(await makeFile(t, SIZE), { event, errno: 5 });
          await t.execute('blockdev-add', { ...(await above(t, file)), 'node-name': node });
          await writeNode(t, node, 0, 512, 0x77);
          t.equal(await flush(t, node), expected, `a flush through ${what} must end as that of the storage`);
          await release(t, [node]);
        }
      }
    },
  },
];
