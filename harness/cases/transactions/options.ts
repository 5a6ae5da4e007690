/** What is said in the action of a transaction holds as it does in the command; and a transaction that is refused holds nothing. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { addQcow2, chainNodes, checkContent, readImage, release } from '../helpers/backing-chains.ts';
import { addBitmap, checkDirty } from '../helpers/bitmaps.ts';
import { addFailing, failingName } from '../helpers/failing-files.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { backupAction } from '../helpers/job-states.ts';
import { backupJobs, CRAWL, cancelled, checkNoJob, jobInfo, succeeded } from '../helpers/job-steps.ts';
import { nodeIo, writeNode } from '../helpers/node-io.ts';
import { buildQcow2, isCompressed } from '../helpers/qcow2-image.ts';
import {
  addNode,
  addRaw,
  addRawOver,
  type CaseFile,
  KiB,
  MiB,
  makeFile,
  needs,
  nodeNames,
} from '../helpers/shared-setup.ts';

const CLUSTER = 64 * KiB;
const COUNT = 8;
const SIZE = CLUSTER * COUNT;
const BYTE = 0x5a;
/** What the overlay has of its own. */
const OWN = [1, 3];

const clustersWhere = (test: (index: number) => boolean): number[] =>
  Array.from({ length: COUNT }, (_, index) => index).filter(test);

const failing = (event: 'read_aio' | 'write_aio'): JsonObject => ({ event, errno: 5, once: true });

type BackupType = 'blockdev-backup' | 'drive-backup';

/** What an action of this type says of a raw target that is there: the name of the image, or a node over it. */
async function targetOver(
  t: CaseContext,
  type: BackupType,
  file: CaseFile,
  rule?: JsonObject,
): Promise<JsonObject> {
  if (type === 'drive-backup') {
    const target = rule ? failingName(file, rule) : file.path;
    return { target, format: 'raw', mode: 'existing' };
  }
  return { target: await (rule ? addFailing(t, file, rule) : addRawOver(t, file)) };
}

/** The same of a qcow2 image that holds nothing yet. */
async function emptyTarget(
  t: CaseContext,
  type: BackupType,
): Promise<{ file: CaseFile; target: JsonObject }> {
  const file = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER }));
  if (type === 'drive-backup')
    return { file, target: { target: file.path, format: 'qcow2', mode: 'existing' } };
  return { file, target: { target: await addQcow2(t, file) } };
}

/** More than a job copies before its limit holds it, bytes. */
const CRAWLED = 8 * MiB;

/** States of backups of one transaction that each does what its action says. */
async function checkBackups(t: CaseContext, type: BackupType, isGrouped: boolean): Promise<void> {
  const { name: base, file: baseFile } = await addRaw(t, Buffer.alloc(SIZE, 0x21));
  const clusters = new Map(OWN.map((index) => [index, BYTE]));
  const backing = { name: baseFile.path, format: 'raw' };
  const image = buildQcow2({ size: SIZE, clusterSize: CLUSTER, clusters, backing });
  const overlay = await addQcow2(t, await makeFile(t, image), { backing: base });
  const full = async (): Promise<string> => (await addRaw(t, Buffer.alloc(SIZE, BYTE))).name;
  const [stopped, ignored] = [await makeFile(t, SIZE), await makeFile(t, SIZE)];
  const unread = await addFailing(t, await makeFile(t, Buffer.alloc(SIZE, BYTE)), failing('read_aio'));
  const compressed = await emptyTarget(t, type);
  const ids = ['top', 'stop', 'ignore', 'read', 'slow'].map((what) => t.name(what));
  const [top, stop, ignore, read, crawl] = ids as [string, string, string, string, string];
  const over = (file: CaseFile, rule?: JsonObject) => targetOver(t, type, file, rule);
  const backups: JsonObject[] = [
    {
      'job-id': top,
      device: overlay,
      ...compressed.target,
      sync: 'top',
      compress: true,
    },
    {
      'job-id': stop,
      device: await full(),
      ...(await over(stopped, failing('write_aio'))),
      'on-target-error': 'stop',
    },
    {
      'job-id': ignore,
      device: await full(),
      ...(await over(ignored, failing('write_aio'))),
      'on-target-error': 'ignore',
    },
    { 'job-id': read, device: unread, ...(await over(await makeFile(t, SIZE))), 'on-source-error': 'ignore' },
    {
      'job-id': crawl,
      device: (await addRaw(t, CRAWLED)).name,
      ...(await over(await makeFile(t, CRAWLED))),
      speed: CRAWL,
    },
  ];
  await t.execute('transaction', {
    actions: backups.map((data) => ({ type, data: { sync: 'full', ...data } })),
    ...(isGrouped && { properties: { 'completion-mode': 'grouped' } }),
  });
  for (const [id, operation, action] of [
    [stop, 'write', 'stop'],
    [ignore, 'write', 'ignore'],
    [read, 'read', 'ignore'],
  ] as const) {
    const { data = null } = await t.event('BLOCK_JOB_ERROR', { device: id });
    t.contains(data, { operation, action }, 'a backup must do what its action says of errors');
  }
  await t.execute('block-job-resume', { device: stop });
  const together = [top, stop, ignore, read];
  if (!isGrouped) for (const id of together) await succeeded(t, id, 'backup');
  t.contains(await jobInfo(t, crawl), { speed: CRAWL }, 'a backup must have the speed of its action');
  if (isGrouped) {
    await t.execute('block-job-set-speed', { device: crawl, speed: 0 });
    for (const id of [...together, crawl]) await succeeded(t, id, 'backup');
  } else await cancelled(t, crawl);
  for (const file of [stopped, ignored])
    await checkContent(t, file, Buffer.alloc(SIZE, BYTE), 'a target that failed once');
  const { target } = compressed.target;
  await release(t, [base, overlay, ...(type === 'blockdev-backup' ? [String(target)] : [])]);
  const copy = await readImage(t, compressed.file);
  t.equal(
    clustersWhere((index) => copy.cluster(index) !== null),
    OWN,
    'a copy of the top must have what the top has',
  );
  const bytes = await bytesOf(t, compressed.file.local);
  t.equal(
    clustersWhere((index) => isCompressed(bytes, index)),
    OWN,
    'what was to be compressed must be so',
  );
}

/** The cases of options of actions. */
export const actionOptions: readonly CaseDefinition[] = [
  ...[false, true].map(
    (isGrouped): CaseDefinition => ({
      id: `transaction/options-of-${isGrouped ? 'grouped-' : ''}backups`,
      title: `Backups of a ${isGrouped ? 'group' : 'transaction'} keep to sync, format, mode, compress, speed and policies of their actions`,
      requirements: ['transaction/does-all', isGrouped ? 'transaction/grouped' : 'transaction/individual'],
      needs: needs(chainNodes, backupJobs, {
        commands: ['transaction', 'drive-backup', 'block-job-resume', 'block-job-set-speed'],
        members: ['transaction.properties'],
        nodes: ['failing'],
        events: ['BLOCK_JOB_ERROR'],
      }),
      async run(t: CaseContext) {
        for (const type of ['blockdev-backup', 'drive-backup'] as const)
          await checkBackups(t, type, isGrouped);
      },
    }),
  ),
  {
    id: 'transaction/options-of-snapshots',
    title:
      'A snapshot and a bitmap of a transaction keep to mode, names, granularity and persistence of their actions',
    requirements: ['transaction/does-all'],
    needs: needs(chainNodes, {
      commands: [
        'transaction',
        'block-dirty-bitmap-add',
        'blockdev-snapshot-sync',
        'x-debug-block-dirty-bitmap-sha256',
      ],
    }),
    async run(t: CaseContext) {
      const { name: base, file } = await addRaw(t, SIZE);
      const backing = { name: file.path, format: 'raw' };
      const clusters = new Map([[5, BYTE]]);
      const above = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER, clusters, backing }));
      const kept = await makeFile(t, buildQcow2({ size: SIZE, clusterSize: CLUSTER }));
      const node = await addQcow2(t, kept);
      const [overlay, name] = [t.name('overlay'), t.name('bitmap')];
      const snapshot = {
        'node-name': base,
        'snapshot-file': above.path,
        'snapshot-node-name': overlay,
        format: 'qcow2',
        mode: 'existing',
      };
      const bitmap = { node, name, granularity: 4 * KiB, persistent: true };
      await t.execute('transaction', {
        actions: [
          { type: 'blockdev-snapshot-sync', data: snapshot },
          { type: 'block-dirty-bitmap-add', data: bitmap },
        ],
      });
      const own = await readImage(t, above);
      t.check(
        own.cluster(5) !== null,
        'an image that was there must keep what it has',
        'it has been made anew',
      );
      await checkDirty(
        t,
        { node, name, size: SIZE, granularity: 4 * KiB },
        [],
        'of the granularity asked for',
      );
      await t.execute('blockdev-del', { 'node-name': node });
      const again = await addQcow2(t, kept);
      await checkDirty(
        t,
        { node: again, name, size: SIZE, granularity: 4 * KiB },
        [],
        'that the image has kept',
      );
    },
  },
  {
    id: 'transaction/refused-frees',
    title:
      'A refused transaction leaves nodes, ids and bitmaps of its backups free; without the fault it succeeds',
    requirements: ['transaction/all-or-nothing', 'drive-backup/bitmap-kept'],
    needs: needs(chainNodes, backupJobs, nodeIo, {
      commands: [
        'transaction',
        'drive-backup',
        'block_resize',
        'block-dirty-bitmap-add',
        'x-debug-block-dirty-bitmap-sha256',
      ],
    }),
    async run(t: CaseContext) {
      const { name: device } = await addRaw(t, Buffer.alloc(SIZE, 0x21));
      const [source, target] = [(await addRaw(t, MiB)).name, (await addRaw(t, MiB)).name];
      const [bitmap, incremental, whole] = [t.name('bitmap'), t.name('job'), t.name('job')];
      await addBitmap(t, device, bitmap);
      await writeNode(t, device, 0, 512, BYTE);
      const file = await makeFile(t, SIZE);
      const raw = { target: file.path, format: 'raw', mode: 'existing' };
      const actions: JsonObject[] = [
        {
          type: 'drive-backup',
          data: { 'job-id': incremental, device, ...raw, sync: 'incremental', bitmap },
        },
        { type: 'blockdev-backup', data: { 'job-id': whole, device: source, target, sync: 'full' } },
      ];
      const written = [0];
      const faults: JsonObject[] = [
        { type: 'abort', data: {} },
        {
          type: 'blockdev-backup',
          data: { 'job-id': whole, device: await addNode(t), target, sync: 'full' },
        },
        { type: 'block-dirty-bitmap-add', data: { node: device, name: bitmap } },
      ];
      const before = (await nodeNames(t)).toSorted();
      for (const fault of faults) {
        await t.refused('transaction', { actions: [...actions, fault] });
        t.equal((await nodeNames(t)).toSorted(), before, 'a refused transaction must leave no node');
        // A bitmap that a job holds would not show what is written.
        await writeNode(t, device, written.length * 2 * CLUSTER, 512, BYTE);
        written.push(written.length * 2);
        await checkDirty(
          t,
          { node: device, name: bitmap, size: SIZE },
          written,
          'after a refused transaction',
        );
        for (const node of [source, target])
          await t.execute('block_resize', { 'node-name': node, size: MiB });
      }
      await t.execute('transaction', { actions });
      for (const id of [incremental, whole]) await succeeded(t, id, 'backup');
      const bytes = await bytesOf(t, file.local);
      t.equal(
        clustersWhere((index) => bytes[index * CLUSTER] !== 0),
        written,
        'the incremental backup must have what the bitmap marked',
      );
    },
  },
  {
    id: 'transaction/grouped-three',
    title: 'When one of three grouped jobs is cancelled both others are cancelled with it',
    requirements: ['transaction/grouped', 'BLOCK_JOB_CANCELLED/emitted'],
    needs: needs(backupJobs, { commands: ['transaction'], members: ['transaction.properties'] }),
    async run(t: CaseContext) {
      for (const which of [0, 1, 2]) {
        const ids = ['first', 'second', 'third'].map((what) => t.name(what));
        const actions: JsonObject[] = [];
        for (const id of ids) actions.push(await backupAction(t, id, { speed: CRAWL }));
        await t.execute('transaction', { actions, properties: { 'completion-mode': 'grouped' } });
        await t.execute('block-job-cancel', { device: ids[which]! });
        for (const id of ids) await t.event('BLOCK_JOB_CANCELLED', { device: id });
        for (const id of ids) await checkNoJob(t, id);
      }
    },
  },
];
