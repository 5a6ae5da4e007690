/** transaction: several actions that are done together or not at all. */
import type { JsonObject } from '../../spec/json.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { addChain, addQcow2, chainNodes, makeEmpty, release } from './helpers/backing-chains.ts';
import { addBitmap, checkDirty } from './helpers/bitmaps.ts';
import { CRAWL, checkNoJob, completed, jobInfo } from './helpers/job-steps.ts';
import { nodeIo, writeNode } from './helpers/node-io.ts';
import { addNode, dataNodes, KiB, MiB, needs, nodeInfo } from './helpers/shared-setup.ts';

const bitmaps = needs(dataNodes, {
  commands: [
    'transaction',
    'block-dirty-bitmap-add',
    'block-dirty-bitmap-remove',
    'x-debug-block-dirty-bitmap-sha256',
  ],
});
const backups = needs(dataNodes, {
  commands: ['transaction', 'blockdev-backup', 'block-job-cancel', 'query-block-jobs'],
  events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED'],
});

const snapshots = needs(chainNodes, { commands: ['transaction', 'blockdev-snapshot'] });

/** Two images, an overlay for each, and the actions that would put those on top. */
async function twoSnapshots(
  t: CaseContext,
): Promise<{ bases: string[]; overlays: string[]; actions: JsonObject[] }> {
  const bases = [(await addChain(t, 1))[0]!.node, (await addChain(t, 1))[0]!.node];
  const overlays = [await addQcow2(t, await makeEmpty(t)), await addQcow2(t, await makeEmpty(t))];
  const actions = bases.map((node, index) => ({
    type: 'blockdev-snapshot',
    data: { node, overlay: overlays[index]! },
  }));
  return { bases, overlays, actions };
}

const bitmap = (node: string, name: string, options: JsonObject = {}): JsonObject => ({
  type: 'block-dirty-bitmap-add',
  data: { node, name, ...options },
});

/** A backup of a node of its own; a crawling one never ends by itself. */
async function backup(t: CaseContext, id: string, speed = 0): Promise<JsonObject> {
  const size = speed === 0 ? MiB : 64 * MiB;
  const [device, target] = [await addNode(t, { size }), await addNode(t, { size })];
  return { type: 'blockdev-backup', data: { 'job-id': id, device, target, sync: 'full', speed } };
}

export const transactionCases: readonly CaseDefinition[] = [
  {
    id: 'transaction/does-all',
    title: 'All actions of a transaction are done',
    requirements: ['transaction/does-all'],
    needs: bitmaps,
    async run(t: CaseContext) {
      const nodes = [await addNode(t), await addNode(t), await addNode(t)];
      t.equal(
        await t.execute('transaction', { actions: [] }),
        {},
        'a transaction without actions must return an empty object',
      );
      const granularities = [4 * KiB, 64 * KiB, 32 * KiB];
      const actions = nodes.map((node, index) => bitmap(node, 'b', { granularity: granularities[index]! }));
      t.equal(await t.execute('transaction', { actions }), {}, 'transaction must return an empty object');
      for (const [index, node] of nodes.entries()) {
        const each = { node, name: 'b', size: MiB, granularity: granularities[index]! };
        await checkDirty(t, each, [], 'when its action has made it as it was asked to');
        await t.execute('block-dirty-bitmap-remove', { node, name: 'b' });
      }
    },
  },
  {
    id: 'transaction/bitmaps-rolled-back',
    title: 'When the last action fails the bitmaps that others made are gone again',
    requirements: ['transaction/all-or-nothing'],
    needs: bitmaps,
    async run(t: CaseContext) {
      const nodes = [await addNode(t), await addNode(t), await addNode(t)];
      const made = nodes.map((node) => bitmap(node, 'b'));
      for (const last of [
        { type: 'abort', data: {} },
        bitmap(nodes[0]!, 'b'),
        bitmap(t.name('nothing'), 'b'),
      ])
        await t.refused('transaction', { actions: [...made, last] });
      for (const node of nodes)
        await t.refused('x-debug-block-dirty-bitmap-sha256', { node, name: 'b' }, { text: /'b' not found/ });
    },
  },
  {
    id: 'transaction/undone-last-first',
    title: 'Two actions on the same bitmap are taken back the last one first: it is dirty as before them',
    requirements: ['transaction/all-or-nothing'],
    needs: needs(bitmaps, { commands: ['block-dirty-bitmap-clear'] }, nodeIo),
    async run(t: CaseContext) {
      const node = await addNode(t, { size: MiB });
      await addBitmap(t, node, 'b');
      await writeNode(t, node, 64 * KiB, 512, 0x61);
      const clear = { type: 'block-dirty-bitmap-clear', data: { node, name: 'b' } };
      await t.refused('transaction', { actions: [clear, clear, { type: 'abort', data: {} }] });
      await checkDirty(
        t,
        { node, name: 'b', size: MiB },
        [1],
        'after a refused transaction that cleared it twice',
      );
      await t.execute('transaction', { actions: [clear, clear] });
      await checkDirty(t, { node, name: 'b', size: MiB }, [], 'after a transaction that cleared it');
    },
  },
  {
    id: 'transaction/snapshots',
    title: 'Two snapshots are taken together',
    requirements: ['transaction/does-all', 'blockdev-snapshot/installs-backing'],
    needs: snapshots,
    async run(t: CaseContext) {
      const { bases, overlays, actions } = await twoSnapshots(t);
      await t.execute('transaction', { actions });
      for (const overlay of overlays)
        t.contains(
          await nodeInfo(t, overlay),
          { backing_file_depth: 1 },
          'the overlay must have its backing node after the transaction',
        );
      await release(t, [...bases, ...overlays]);
    },
  },
  {
    id: 'transaction/snapshots-rolled-back',
    title: 'When the last action fails the snapshots before it are taken back',
    requirements: ['transaction/all-or-nothing'],
    needs: snapshots,
    async run(t: CaseContext) {
      const { bases, overlays, actions } = await twoSnapshots(t);
      await t.refused('transaction', { actions: [...actions, { type: 'abort', data: {} }] });
      for (const overlay of overlays)
        t.contains(
          await nodeInfo(t, overlay),
          { backing_file_depth: 0 },
          'a refused transaction must leave the overlay without backing node',
        );
      await release(t, [...overlays, ...bases]);
    },
  },
  {
    id: 'transaction/jobs-rolled-back',
    title: 'When an action fails no job of the others is there',
    requirements: ['transaction/all-or-nothing'],
    needs: backups,
    async run(t: CaseContext) {
      const id = t.name('job');
      const first = await backup(t, id, CRAWL);
      await t.refused('transaction', { actions: [first, { type: 'abort', data: {} }] });
      await checkNoJob(t, id);
      await t.execute('transaction', {
        actions: [{ ...first, data: { ...(first.data as JsonObject), speed: 0, sync: 'none' } }],
      });
      t.contains(
        await jobInfo(t, id),
        { type: 'backup' },
        'the nodes of a refused transaction must be free for another job',
      );
    },
  },
  {
    id: 'transaction/individual',
    title: 'Without completion-mode one job ends while the other goes on',
    requirements: ['transaction/individual'],
    needs: backups,
    async run(t: CaseContext) {
      const [quick, slow] = [t.name('job'), t.name('job')];
      await t.execute('transaction', { actions: [await backup(t, slow, CRAWL), await backup(t, quick)] });
      await completed(t, quick, 'backup');
      await checkNoJob(t, quick);
      t.contains(
        await jobInfo(t, slow),
        { speed: CRAWL },
        'the slow job must go on when the quick one has ended',
      );
    },
  },
  {
    id: 'transaction/grouped',
    title: 'With completion-mode grouped a job waits for the other, and is cancelled with it',
    requirements: ['transaction/grouped', 'BLOCK_JOB_CANCELLED/emitted'],
    needs: { ...backups, members: ['transaction.properties'] },
    async run(t: CaseContext) {
      const [quick, slow] = [t.name('job'), t.name('job')];
      const actions = [await backup(t, slow, CRAWL), await backup(t, quick)];
      await t.execute('transaction', { actions, properties: { 'completion-mode': 'grouped' } });
      for (const id of [quick, slow]) await jobInfo(t, id);
      await t.execute('block-job-cancel', { device: slow });
      for (const id of [quick, slow]) await t.event('BLOCK_JOB_CANCELLED', { device: id });
      for (const id of [quick, slow]) await checkNoJob(t, id);
    },
  },
  {
    id: 'transaction/grouped-completes',
    title: 'With completion-mode grouped two jobs that succeed both complete',
    requirements: ['transaction/grouped', 'BLOCK_JOB_COMPLETED/emitted'],
    needs: { ...backups, members: ['transaction.properties'] },
    async run(t: CaseContext) {
      const ids = [t.name('job'), t.name('job')];
      const actions = [await backup(t, ids[0]!), await backup(t, ids[1]!)];
      await t.execute('transaction', { actions, properties: { 'completion-mode': 'grouped' } });
      for (const id of ids) await completed(t, id, 'backup');
    },
  },
  {
    id: 'transaction/grouped-unsupported',
    title:
      'completion-mode grouped is refused with an action that starts no job, before or behind one that does',
    requirements: ['transaction/grouped-unsupported'],
    needs: needs(bitmaps, backups, { members: ['transaction.properties'] }),
    async run(t: CaseContext) {
      const node = await addNode(t);
      const id = t.name('job');
      const [job, other] = [await backup(t, id), bitmap(node, 'b')];
      const properties = { 'completion-mode': 'grouped' };
      for (const actions of [[other], [other, job], [job, other]]) {
        await t.refused('transaction', { actions, properties });
        await t.refused('block-dirty-bitmap-remove', { node, name: 'b' });
        await checkNoJob(t, id);
      }
    },
  },
];
