/** Events that name a drive, and jobs that take a policy from one. */
import { isJsonObject, type JsonObject } from '../../spec/json.ts';
import type { Topology } from '../targets/target.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { CHAIN_SIZE, CLUSTER, chainNodes } from './helpers/backing-chains.ts';
import { DRIVE, driveOverBase, guestWrite, inserted, onDrive } from './helpers/drive-chain.ts';
import { hmpIo, qemuIo } from './helpers/human-monitor-io.ts';
import { backupJobs } from './helpers/job-steps.ts';
import { buildQcow2, entryTo, refcountTableOf } from './helpers/qcow2-image.ts';
import { addRaw, KiB, makeFile, needs } from './helpers/shared-setup.ts';

const SIZE = 64 * KiB;

/** Drive `d0` with policy ignore, whose first read fails. */
const lenientDrive: Topology = {
  name: 'lenient-drive',
  images: [
    { path: 'lenient.img', format: 'raw', size: SIZE, fill: [{ offset: 0, length: SIZE, byte: 0x11 }] },
  ],
  options: [
    '-drive',
    `if=none,id=${DRIVE},format=raw,rerror=ignore,file.driver=blkdebug,file.image.driver=file,` +
      'file.image.filename=@DIR@/lenient.img,file.inject-error.0.event=read_aio,file.inject-error.0.once=on',
  ],
  monitors: 1,
};

/** Drive `d0` over a quorum whose two children differ and have to agree; `q` is its node. */
const divided: Topology = {
  name: 'divided-quorum',
  images: [0x11, 0x22].map((byte, n) => ({
    path: `q${n}.img`,
    format: 'raw',
    size: SIZE,
    fill: [{ offset: 0, length: SIZE, byte }],
  })),
  options: [
    '-drive',
    [`if=none,id=${DRIVE},driver=quorum,node-name=q,vote-threshold=2`]
      .concat([0, 1].map((n) => `children.${n}.driver=raw,children.${n}.file.filename=@DIR@/q${n}.img`))
      .join(),
  ],
  monitors: 1,
};

export const namedDrives: readonly CaseDefinition[] = [
  {
    id: 'QUORUM_FAILURE/of-a-drive',
    title: 'QUORUM_FAILURE of a quorum that is in a drive names the drive, not its node',
    requirements: ['QUORUM_FAILURE/emitted'],
    needs: needs(hmpIo, { drivers: ['quorum'], events: ['QUORUM_FAILURE'] }),
    topology: divided,
    fresh: true,
    async run(t: CaseContext) {
      await qemuIo(t, DRIVE, `read 0 ${SIZE}`);
      const { data } = await t.event('QUORUM_FAILURE');
      t.contains(data ?? null, { reference: DRIVE }, 'reference must be the name of the drive');
    },
  },
  {
    id: 'block-set-write-threshold/of-a-drive',
    title: 'A threshold is set on a node by its own name, not by that of the drive that shows it',
    requirements: ['block-set-write-threshold/node-unknown'],
    needs: onDrive('block-set-write-threshold'),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const threshold = { 'write-threshold': CLUSTER };
      await t.refused('block-set-write-threshold', { 'node-name': DRIVE, ...threshold });
      const node = String((await inserted(t))['node-name']);
      await t.execute('block-set-write-threshold', { 'node-name': node, ...threshold });
      t.contains(await inserted(t), { write_threshold: CLUSTER }, 'the drive must tell the threshold');
    },
  },
  {
    id: 'image-corrupted/of-a-drive',
    title: 'BLOCK_IMAGE_CORRUPTED names the drive whose image is broken, and its node',
    requirements: ['BLOCK_IMAGE_CORRUPTED/device', 'BLOCK_IMAGE_CORRUPTED/emitted'],
    needs: needs(onDrive(), { events: ['BLOCK_IMAGE_CORRUPTED'] }),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const backing = { name: `${t.dir}/base.img`, format: 'raw' };
      const entries = new Map([[0, entryTo(refcountTableOf(CLUSTER))]]);
      const image = buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, entries, backing });
      const node = t.name('broken');
      await t.execute('blockdev-snapshot-sync', {
        device: DRIVE,
        'snapshot-file': (await makeFile(t, image)).path,
        'snapshot-node-name': node,
        format: 'qcow2',
        mode: 'existing',
      });
      await guestWrite(t, 0, 0x77);
      const { data } = await t.event('BLOCK_IMAGE_CORRUPTED');
      t.contains(
        data ?? null,
        { device: DRIVE, 'node-name': node, fatal: true },
        'BLOCK_IMAGE_CORRUPTED must name the drive and the node',
      );
    },
  },
  {
    id: 'BlockdevOnError/auto-of-a-drive',
    title: 'With policy auto a job does with an error what the drive does, and that is what it tells',
    requirements: ['BlockdevOnError/auto-inherits', 'BlockErrorAction/actions'],
    needs: needs(backupJobs, chainNodes, { drivers: ['blkdebug'], events: ['BLOCK_JOB_ERROR'] }),
    topology: lenientDrive,
    fresh: true,
    async run(t: CaseContext) {
      const { name: target } = await addRaw(t, SIZE);
      const id = t.name('job');
      const job = { 'job-id': id, device: DRIVE, target, sync: 'full', 'on-source-error': 'auto' };
      await t.execute('blockdev-backup', job);
      const told = (await t.event('BLOCK_JOB_ERROR', { device: id, operation: 'read' })).data as JsonObject;
      const { data: end } = await t.event('BLOCK_JOB_COMPLETED', { device: id });
      if (told.action !== 'ignore')
        t.info(`BlockdevOnError/auto-inherits: the action is ${String(told.action)}`);
      t.equal(
        isJsonObject(end) && 'error' in end ? 'report' : 'ignore',
        told.action ?? null,
        'the job must do about the error what it tells',
      );
    },
  },
];
