/** Backups of a transaction that fails never begin; and what it is that a backup of a transaction fails at. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { CHAIN_SIZE, checkContent } from '../helpers/backing-chains.ts';
import { DRIVE, driveChain, driveOverBase, onDrive } from '../helpers/drive-chain.ts';
import { cancelled, checkNoJob, pendingJobEvents, succeeded } from '../helpers/job-steps.ts';
import {
  addRaw,
  addRawOver,
  fileNodes,
  MiB,
  makeFile,
  needs,
  newFile,
  nodeNames,
} from '../helpers/shared-setup.ts';

export const undoneBackups: readonly CaseDefinition[] = [
  {
    id: 'transaction/backups-never-begin',
    title: 'Backups of a transaction that fails at a later action copy nothing, and no event tells of them',
    requirements: ['transaction/all-or-nothing'],
    needs: needs(fileNodes, {
      commands: ['transaction', 'query-block-jobs', 'blockdev-backup'],
      events: ['BLOCK_JOB_COMPLETED', 'BLOCK_JOB_CANCELLED'],
      members: ['transaction.properties'],
    }),
    async run(t: CaseContext) {
      const content = Buffer.alloc(MiB, 0x11);
      const ids = [t.name('job'), t.name('job')];
      const targets = [await addRaw(t, MiB), await addRaw(t, MiB)];
      const backups = [];
      for (const [index, { name: target }] of targets.entries()) {
        const { name: device } = await addRaw(t, content);
        backups.push({
          type: 'blockdev-backup',
          data: { 'job-id': ids[index]!, device, target, sync: 'full' },
        });
      }
      const failing = [
        { type: 'abort', data: {} },
        { type: 'blockdev-snapshot', data: { node: t.name('nothing'), overlay: t.name('nothing') } },
      ];
      for (const last of failing)
        for (const properties of [{}, { properties: { 'completion-mode': 'individual' } }]) {
          await t.refused('transaction', { actions: [...backups, last], ...properties });
          await t.roundTrip();
          for (const [index, id] of ids.entries()) {
            await checkNoJob(t, id);
            t.equal(pendingJobEvents(t, id), [], 'no event must tell of a job that never began');
            await checkContent(t, targets[index]!.file, Buffer.alloc(MiB), 'a target of what failed');
          }
        }
      await t.execute('transaction', { actions: backups });
      for (const id of ids) await t.event('BLOCK_JOB_COMPLETED', { device: id });
      for (const { file } of targets) await checkContent(t, file, content, 'a backup that was made');
    },
  },
  ...(['blockdev-backup', 'drive-backup'] as const).map(
    (type): CaseDefinition => ({
      id: `transaction/${type}-refuses`,
      title: `What ${type} refuses by itself, its action refuses, too, and the action before it is undone`,
      requirements: ['transaction/all-or-nothing', `${type}/speed`],
      needs: needs(fileNodes, {
        commands: [
          'transaction',
          'query-block-jobs',
          'block-dirty-bitmap-add',
          'block-dirty-bitmap-remove',
          type,
        ],
        events: ['BLOCK_JOB_COMPLETED'],
      }),
      async run(t: CaseContext) {
        const { name: device } = await addRaw(t, Buffer.alloc(MiB, 0x11));
        const target = type === 'drive-backup' ? newFile(t) : await addRaw(t, MiB);
        const named = 'file' in target ? { target: target.name } : { target: target.path, format: 'raw' };
        const id = t.name('job');
        const good = { 'job-id': id, device, sync: 'full', ...named };
        const faults: JsonObject[] = [
          { speed: -1 },
          { device: t.name('nothing') },
          { sync: 'incremental' },
          { 'job-id': '1 job' },
          { compress: true },
          type === 'drive-backup' ? { bitmap: t.name('nothing') } : { target: t.name('nothing') },
        ];
        const other = { type: 'block-dirty-bitmap-add', data: { node: device, name: 'b' } };
        const before = (await nodeNames(t)).toSorted();
        for (const fault of faults) {
          await t.refused('transaction', { actions: [other, { type, data: { ...good, ...fault } }] });
          await checkNoJob(t, id);
          await t.refused('block-dirty-bitmap-remove', { node: device, name: 'b' });
          t.equal((await nodeNames(t)).toSorted(), before, 'a refused transaction must leave no node');
        }
        await t.execute('transaction', { actions: [other, { type, data: good }] });
        await succeeded(t, id, 'backup');
        await checkContent(t, 'file' in target ? target.file : target, Buffer.alloc(MiB, 0x11), 'the target');
      },
    }),
  ),
  ...(['blockdev-backup', 'drive-backup'] as const).map(
    (type): CaseDefinition => ({
      id: `transaction/${type}-not-a-root`,
      title: `The action ${type} refuses a node below another, and takes the one above it`,
      requirements: ['transaction/all-or-nothing', `${type}/root-only`],
      needs: needs(fileNodes, {
        commands: ['transaction', 'query-block-jobs', type],
        events: ['BLOCK_JOB_COMPLETED'],
      }),
      async run(t: CaseContext) {
        const image = await makeFile(t, Buffer.alloc(MiB, 0x11));
        const below = t.name('below');
        const file = { driver: 'file', 'node-name': below, filename: image.path };
        const above = await addRawOver(t, image, { file });
        const target =
          type === 'drive-backup'
            ? { target: newFile(t).path, format: 'raw' }
            : { target: (await addRaw(t, MiB)).name };
        const id = t.name('job');
        const of = (device: string): JsonObject => ({
          actions: [{ type, data: { 'job-id': id, device, sync: 'full', ...target } }],
        });
        await t.refused('transaction', of(below));
        await checkNoJob(t, id);
        await t.execute('transaction', of(above));
        await succeeded(t, id, 'backup');
      },
    }),
  ),
  ...(['blockdev-backup', 'drive-backup'] as const).map(
    (type): CaseDefinition => ({
      id: `transaction/${type}-default-id`,
      title: `Without job-id the job of the action ${type} is called as the drive; of a node of none it is refused`,
      requirements: [`${type}/job-id-default`, 'transaction/all-or-nothing'],
      topology: driveOverBase,
      needs: needs(onDrive('transaction', 'query-block-jobs', 'block-job-cancel', type), {
        events: ['BLOCK_JOB_CANCELLED'],
      }),
      async run(t: CaseContext) {
        const [layer] = await driveChain(t, 1);
        const target = async (): Promise<JsonObject> =>
          type === 'drive-backup'
            ? { target: newFile(t).path, format: 'qcow2' }
            : { target: (await addRaw(t, CHAIN_SIZE)).name };
        const action = async (device: string, more: JsonObject = {}): Promise<JsonObject> => ({
          type,
          data: { device, sync: 'none', ...(await target()), ...more },
        });
        const { name: node } = await addRaw(t, CHAIN_SIZE);
        await t.refused('transaction', { actions: [await action(DRIVE), await action(node)] });
        await checkNoJob(t, DRIVE);
        for (const device of [DRIVE, layer!.node]) {
          const other = t.name('job');
          const actions = [await action(node, { 'job-id': other }), await action(device)];
          await t.execute('transaction', { actions });
          for (const id of [other, DRIVE]) await cancelled(t, id);
        }
      },
    }),
  ),
  {
    id: 'transaction/target-twice',
    title:
      'Two backups of one transaction to one target, or of one node to itself, are refused, also of a group',
    requirements: ['transaction/all-or-nothing', 'blockdev-backup/target-busy'],
    needs: needs(fileNodes, {
      commands: ['transaction', 'query-block-jobs', 'blockdev-backup'],
      members: ['transaction.properties'],
      events: ['BLOCK_JOB_COMPLETED'],
    }),
    async run(t: CaseContext) {
      const nodes = [];
      while (nodes.length < 4) nodes.push((await addRaw(t, MiB)).name);
      const [first, second, target, other] = nodes as [string, string, string, string];
      const ids = [t.name('job'), t.name('job')] as const;
      const backup = (id: string, device: string, to: string) => ({
        type: 'blockdev-backup',
        data: { 'job-id': id, device, target: to, sync: 'full' },
      });
      const start = backup(ids[0], first, target);
      for (const properties of [{}, { properties: { 'completion-mode': 'grouped' } }]) {
        for (const wrong of [
          backup(ids[1], second, target),
          backup(ids[1], second, second),
          backup(ids[1], second, first),
          backup(ids[0], second, other),
        ]) {
          await t.refused('transaction', { actions: [start, wrong], ...properties });
          for (const id of ids) await checkNoJob(t, id);
        }
        await t.execute('transaction', { actions: [start, backup(ids[1], second, other)], ...properties });
        for (const id of ids) await succeeded(t, id, 'backup');
      }
    },
  },
];
