/** The images that snapshots make or use, external and internal: their places, names, headers, and dates. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { shown } from '../case-text.ts';
import { addChain, addQcow2, chainNodes, makeEmpty, readImage, release } from '../helpers/backing-chains.ts';
import { DRIVE, driveChain, driveOverBase, inserted, onDrive } from '../helpers/drive-chain.ts';
import { bytesOf, identityOf, isFile, sizesOf } from '../helpers/image-files.ts';
import { isQcow2 } from '../helpers/qcow2-image.ts';
import {
  addRaw,
  findNode,
  KiB,
  makeFile,
  needs,
  newFile,
  nodeInfo,
  snapshotsOf,
} from '../helpers/shared-setup.ts';

const TAKE = 'blockdev-snapshot-internal-sync';
const DELETE = 'blockdev-snapshot-delete-internal-sync';
const SYNC = 'blockdev-snapshot-sync';

/** The one snapshot that the queries tell of the image of a node. */
async function onlySnapshot(t: CaseContext, node: string): Promise<JsonObject> {
  const list = await snapshotsOf(t, node);
  t.check(list.length === 1, 'the image must have one snapshot', `it has ${shown(list)}`);
  return list[0]!;
}

/** The cases of images that snapshots make. */
export const snapshotImages: readonly CaseDefinition[] = [
  {
    id: 'blockdev-snapshot-sync/by-node-name',
    title:
      'A snapshot by node-name puts the new image on that node, and the drive that used the node uses the image',
    requirements: ['blockdev-snapshot-sync/by-node-name'],
    needs: onDrive(),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [base] = await driveChain(t, 1);
      const [file, name] = [newFile(t), t.name('overlay')];
      const args = { 'node-name': base!.node, 'snapshot-file': file.path };
      await t.refused(SYNC, args);
      t.contains(
        await inserted(t),
        { 'node-name': base!.node },
        'a refused snapshot must leave the drive as it was',
      );
      await t.execute(SYNC, { ...args, 'snapshot-node-name': name });
      t.contains(
        await inserted(t),
        { 'node-name': name, file: file.path, backing_file_depth: 1 },
        'the drive must use the new image over its node',
      );
    },
  },
  {
    id: 'blockdev-snapshot-sync/no-name',
    title: 'A snapshot of neither device nor node is refused and makes no file; of the device it makes it',
    requirements: ['blockdev-snapshot-sync/one-name'],
    needs: onDrive(),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const file = newFile(t);
      await t.refused(SYNC, { 'snapshot-file': file.path });
      t.check(!(await isFile(t, file.local)), 'a refused snapshot must make no file', 'it made one');
      await t.execute(SYNC, { device: DRIVE, 'snapshot-file': file.path });
      t.contains(await inserted(t), { file: file.path }, 'the drive must use the new image');
    },
  },
  {
    id: 'blockdev-snapshot-sync/both-names',
    title: 'A snapshot of device and node-name together is refused, or puts one image on the drive',
    requirements: ['blockdev-snapshot-sync/both-names', 'blockdev-snapshot-sync/creates-overlay'],
    needs: onDrive(),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [base] = await driveChain(t, 1);
      const [file, name] = [newFile(t), t.name('overlay')];
      const args = {
        device: DRIVE,
        'node-name': base!.node,
        'snapshot-file': file.path,
        'snapshot-node-name': name,
      };
      const { error } = await t.request({ execute: SYNC, arguments: args });
      if (error === undefined) t.info('blockdev-snapshot-sync/both-names: it is accepted');
      t.contains(
        await inserted(t),
        error === undefined
          ? { 'node-name': name, backing_file_depth: 1 }
          : { 'node-name': base!.node, backing_file_depth: 0 },
        'the drive must use one new image if the command was accepted, else its old one',
      );
    },
  },
  {
    id: 'blockdev-snapshot-sync/into-existing-file',
    title:
      'A snapshot-file that exists is used: the same file is an overlay then, and has nothing of what it held',
    requirements: ['blockdev-snapshot-sync/existing-file'],
    needs: onDrive(),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [base] = await driveChain(t, 1);
      const fresh = newFile(t);
      await t.execute(SYNC, { device: DRIVE, 'snapshot-file': fresh.path });
      const { size } = await sizesOf(t, fresh.local);
      let below = fresh.path;
      t.equal((await readImage(t, fresh)).backing, base!.file.path, 'its header must name the old image');
      for (const old of [size / 2, size, 2 * size]) {
        const file = await makeFile(t, Buffer.alloc(old, 0x99));
        const before = await identityOf(t, file.local);
        await t.execute(SYNC, { device: DRIVE, 'snapshot-file': file.path });
        const bytes = await bytesOf(t, file.local);
        t.check(isQcow2(bytes), 'the file must be a qcow2 image after the snapshot', 'it is none');
        t.check(
          bytes.length === size && !bytes.includes(Buffer.alloc(512, 0x99)),
          'the image must be as one in a new file, with nothing of what the file held',
          'it is not',
        );
        t.check(
          (await identityOf(t, file.local)) === before,
          'the snapshot must be in the file that was there',
          'it is in another',
        );
        t.equal((await readImage(t, file)).backing, below, 'its header must name the old image');
        t.contains(
          await inserted(t),
          { drv: 'qcow2', file: file.path },
          'the drive must have the image over the old one',
        );
        below = file.path;
      }
    },
  },
  {
    id: 'blockdev-snapshot-sync/absolute-path',
    title: 'The header of a new image names the old one by its absolute path and its format, at every level',
    requirements: ['NewImageMode/absolute-paths'],
    needs: onDrive(),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [base] = await driveChain(t, 1);
      let below = base!.file.path;
      for (const format of ['raw', 'qcow2']) {
        const file = newFile(t);
        await t.execute(SYNC, { device: DRIVE, 'snapshot-file': file.path, mode: 'absolute-paths' });
        t.equal(
          (await readImage(t, file)).backing,
          below,
          'the header must name the old image by its absolute path',
        );
        t.contains(
          await inserted(t),
          { image: { 'backing-filename': below, 'backing-filename-format': format } },
          'the queries must tell name and format of the old image',
        );
        below = file.path;
      }
    },
  },
  {
    id: 'blockdev-snapshot-sync/format-without-backing',
    title: 'A format that keeps no backing file is refused, and the drive keeps its image; qcow2 is taken',
    requirements: ['blockdev-snapshot-sync/format'],
    needs: onDrive(),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [base] = await driveChain(t, 1);
      await t.refused(SYNC, { device: DRIVE, 'snapshot-file': newFile(t).path, format: 'raw' });
      t.contains(
        await inserted(t),
        { 'node-name': base!.node, ro: false },
        'the drive must keep its image after a refusal',
      );
      await t.execute(SYNC, { device: DRIVE, 'snapshot-file': newFile(t).path, format: 'qcow2' });
      t.contains(
        await inserted(t),
        { drv: 'qcow2', backing_file_depth: 1 },
        'the drive must use the new image',
      );
    },
  },
  {
    id: 'blockdev-snapshot-sync/other-format',
    title: 'A snapshot in qed is an image of that format, by the node and by the first bytes of its file',
    requirements: ['blockdev-snapshot-sync/format'],
    needs: needs(onDrive(), { drivers: ['qed'] }),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const file = newFile(t);
      await t.execute(SYNC, { device: DRIVE, 'snapshot-file': file.path, format: 'qed' });
      t.contains(
        await inserted(t),
        { drv: 'qed', backing_file_depth: 1 },
        'the drive must use an image of the format',
      );
      t.equal(
        (await bytesOf(t, file.local)).toString('latin1', 0, 3),
        'QED',
        'the file must begin as the format says',
      );
    },
  },
  {
    id: 'blockdev-snapshot-sync/format-over-another',
    title:
      'A snapshot in vmdk of an image of another format is refused, makes no file, and the drive keeps its image',
    requirements: ['blockdev-snapshot-sync/format'],
    needs: needs(onDrive(), { drivers: ['vmdk'] }),
    topology: driveOverBase,
    fresh: true,
    async run(t: CaseContext) {
      const [base] = await driveChain(t, 1);
      const file = newFile(t);
      await t.refused(SYNC, { device: DRIVE, 'snapshot-file': file.path, format: 'vmdk' });
      t.check(!(await isFile(t, file.local)), 'a refused snapshot must make no file', 'there is one');
      t.contains(
        await inserted(t),
        { 'node-name': base!.node, ro: false },
        'the drive must keep its image after a refusal',
      );
    },
  },
  {
    id: 'blockdev-snapshot-sync/odd-size',
    title: 'The new image is as large as the old one, to the byte, where that fills no whole cluster',
    requirements: ['blockdev-snapshot-sync/creates-overlay'],
    needs: needs(chainNodes, { commands: [SYNC] }),
    async run(t: CaseContext) {
      for (const size of [3 * 64 * KiB + 1536, 512]) {
        const { name } = await addRaw(t, size);
        const file = newFile(t);
        await t.execute(SYNC, {
          'node-name': name,
          'snapshot-file': file.path,
          'snapshot-node-name': t.name('overlay'),
        });
        t.equal((await readImage(t, file)).size, size, 'the new image must have the size of the old one');
      }
    },
  },
  {
    id: 'blockdev-snapshot-sync/node-without-users',
    title: 'A snapshot of a node that nobody uses makes the file; the node keeps its name and its image',
    requirements: ['blockdev-snapshot-sync/by-node-name'],
    needs: needs(chainNodes, { commands: [SYNC] }),
    async run(t: CaseContext) {
      const [layer] = await addChain(t, 1);
      const [file, name] = [newFile(t), t.name('overlay')];
      await t.execute(SYNC, {
        'node-name': layer!.node,
        'snapshot-file': file.path,
        'snapshot-node-name': name,
      });
      t.contains(
        await nodeInfo(t, layer!.node),
        { drv: 'qcow2', backing_file_depth: 0 },
        'the node must keep its image',
      );
      if ((await findNode(t, name)) !== undefined) await release(t, [name]);
      t.equal(
        (await readImage(t, file)).backing,
        layer!.file.path,
        'the header of the new file must name the image of the node',
      );
    },
  },
  {
    id: 'internal-snapshot/members',
    title:
      'A snapshot of the disk alone has no VM state, the present date, and a VM clock that is no more than the uptime',
    requirements: ['SnapshotInfo/vm-state-size', 'SnapshotInfo/date', 'SnapshotInfo/vm-clock'],
    needs: needs(chainNodes, { commands: [TAKE, DELETE] }),
    // An injected clock is ahead by what earlier cases let pass.
    fresh: true,
    async run(t: CaseContext) {
      const node = await addQcow2(t, await makeEmpty(t));
      const before = Math.floor(Date.now() / 1000);
      await t.execute(TAKE, { device: node, name: 'one' });
      const told = await onlySnapshot(t, node);
      const after = Date.now() / 1000;
      t.contains(told, { name: 'one', 'vm-state-size': 0 }, 'a snapshot of a disk must have no VM state');
      const date = Number(told['date-sec']);
      t.check(
        date >= before - 1 && date <= after + (t.virtualTime ? 60 : 1),
        'date-sec must be the time of the snapshot, in seconds since 1970 in UTC',
        `it is ${shown(told['date-sec'])}, and it is ${before} now`,
      );
      for (const member of ['date-nsec', 'vm-clock-nsec']) {
        const value = told[member];
        t.check(
          typeof value === 'number' && value >= 0 && value < 1e9,
          `${member} must be a fraction of a second`,
          `it is ${shown(value)}`,
        );
      }
      const clock = told['vm-clock-sec'];
      t.check(
        typeof clock === 'number' && clock >= 0 && clock < 3_600,
        'vm-clock-sec must be relative to the start of the VM',
        `it is ${shown(clock)}`,
      );
      t.equal(
        await t.execute(DELETE, { device: node, name: 'one' }),
        told,
        'the snapshot that was deleted must be told as the queries told it',
      );
    },
  },
];
