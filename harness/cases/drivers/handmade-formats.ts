/** Images of other formats that qemu-img does not make: left by an unclean stop, of older writers, with clusters of every kind. */
import { deflateRawSync } from 'node:zlib';
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { le32, le64, type Patch, patched } from '../helpers/made-formats/bytes.ts';
import {
  buildQed as buildQedImage,
  QED_CLUSTER,
  QED_DATA,
  QED_L1,
  QED_L2,
} from '../helpers/made-formats/made-qed.ts';
import { nodeBytes, openIo } from '../helpers/node-io.ts';
import { type CaseFile, checkAbsent, fileNodes, KiB, makeFile, needs } from '../helpers/shared-setup.ts';
import { checkReadFails, checkReads, filledFile, writes } from './driver-guest.ts';

const CLUSTER = 4 * KiB;
const SIZE = 64 * KiB;

/** The header of qed, an L1 table, an L2 table with these entries, then clusters of 0x11. The tables are two clusters each. */
function buildQed(features: number, entries: readonly number[]): Buffer {
  const image = Buffer.alloc(7 * CLUSTER, 0);
  image.write('QED', 'latin1');
  image.writeUInt32LE(CLUSTER, 4);
  image.writeUInt32LE(2, 8);
  image.writeUInt32LE(1, 12);
  image.writeUInt32LE(features, 16);
  image.writeUInt32LE(CLUSTER, 40);
  image.writeUInt32LE(SIZE, 48);
  image.writeUInt32LE(3 * CLUSTER, CLUSTER);
  for (const [index, entry] of entries.entries()) image.writeUInt32LE(entry, 3 * CLUSTER + index * 8);
  image.fill(0x11, 5 * CLUSTER);
  return image;
}

/** Of so many sectors a cluster, of which the second, and no other, is there and holds 0x11. */
function buildParallels(magic: string, sectors: number, inUse: number): Buffer {
  const cluster = sectors * 512;
  const image = Buffer.alloc(2 * cluster);
  image.write(magic, 'latin1');
  image.writeUInt32LE(2, 16);
  image.writeUInt32LE(sectors, 28);
  image.writeUInt32LE(Math.ceil(SIZE / cluster), 32);
  image.writeUInt32LE(SIZE / 512, 36);
  image.writeUInt32LE(inUse, 44);
  image.writeUInt32LE(sectors, 48);
  image.writeUInt32LE(magic === OLD_MAGIC ? sectors : 1, 64 + 4);
  image.fill(0x11, cluster);
  return image;
}

const OLD_MAGIC = 'WithoutFreeSpace';
const NEW_MAGIC = 'WithouFreSpacExt';
const IN_USE = 0x746f6e59;

/** qcow whose first cluster is a stream, of which the entry leaves out the last bytes, and no other is there. */
function buildQcow(cluster: Buffer, lacking = 0): Buffer {
  const stream = deflateRawSync(cluster, { windowBits: 12 });
  const image = Buffer.alloc(3 * CLUSTER);
  image.writeUInt32BE(0x514649fb, 0);
  image.writeUInt32BE(1, 4);
  image.writeUInt32BE(SIZE, 28);
  image[32] = 12;
  image[33] = 9;
  image.writeUInt32BE(48, 44);
  image.writeUInt32BE(CLUSTER, 52);
  const entry = (1n << 63n) | (BigInt(stream.length - lacking) << 51n) | BigInt(2 * CLUSTER);
  image.writeBigUInt64BE(entry, CLUSTER);
  stream.copy(image, 2 * CLUSTER);
  return image;
}

function nodeOn(t: CaseContext, driver: string, file: CaseFile, more: JsonObject = {}) {
  return {
    driver,
    'node-name': t.name(driver),
    file: { driver: 'file', filename: file.path },
    ...more,
  };
}

const NEED_CHECK = 2;
/** Bytes of the disk that one L2 table has entries for. */
const QED_SPAN = ((2 * QED_CLUSTER) / 8) * QED_CLUSTER;
/** Of a qed image of seven clusters: entries of the L1 table that lead nowhere, and why. */
const BROKEN_TABLES = [
  [2, 'no whole cluster', QED_L2 + 512],
  [3, 'what is behind the file', 7 * QED_CLUSTER],
  [4, 'the last cluster, of which a table takes two', 6 * QED_CLUSTER],
] as const;
/** The same of its L2 table. */
const BROKEN_CLUSTERS = [
  [5, 'a cluster behind the file', 7 * QED_CLUSTER],
  [6, 'a cluster that begins within one', QED_DATA + 512],
  [7, 'a cluster far behind the file', 2 ** 40],
] as const;

function brokenQed(features: number): Buffer {
  const last = QED_DATA + QED_CLUSTER;
  return buildQedImage(5 * QED_SPAN, [QED_DATA, 1, 0, 0, last], {
    features,
    patches: [
      ...BROKEN_TABLES.map(([index, , place]): Patch => [QED_L1 + index * 8, le64(place)]),
      ...BROKEN_CLUSTERS.map(([index, , place]): Patch => [QED_L2 + index * 8, le64(place)]),
    ],
  });
}

const ofDriver = (driver: string) => needs(fileNodes, { ...nodeBytes, drivers: [driver] });

/** The cases of these images. */
export const handmadeFormats: readonly CaseDefinition[] = [
  {
    id: 'formats/qed-unclean',
    title:
      'A qed image that is marked as in need of a check has it when it is opened to be written, and no mark afterwards',
    requirements: ['formats/unclean'],
    needs: ofDriver('qed'),
    async run(t: CaseContext) {
      const file = await makeFile(t, buildQed(NEED_CHECK, [5 * CLUSTER, 4096 * CLUSTER]));
      const node = nodeOn(t, 'qed', file);
      await t.execute('blockdev-add', node);
      const guest = await openIo(t, node['node-name']);
      await checkReads(t, guest, [0, CLUSTER], 0x11, 'of a cluster that is there');
      await checkReads(t, guest, [CLUSTER, CLUSTER], 0, 'of a cluster whose place is not there');
      t.check(await writes(guest, [CLUSTER, CLUSTER], 0x22), 'a write there must succeed', 'it fails');
      await checkReads(t, guest, [CLUSTER, CLUSTER], 0x22, 'of what was written there');
      await guest.close();
      await t.execute('blockdev-del', { 'node-name': node['node-name'] });
      const header = (await bytesOf(t, file.local)).subarray(0, 64);
      t.equal(header[16]!, 0, 'a closed image must not be marked as in need of a check');
    },
  },
  {
    id: 'formats/qed-clusters',
    title:
      'A qed image over a backing file shows data of its own, zeroes where it says so, and the backing file elsewhere',
    requirements: ['formats/content'],
    needs: ofDriver('qed'),
    async run(t: CaseContext) {
      const below = await filledFile(t, SIZE, 0x33);
      const file = await makeFile(t, buildQed(0, [5 * CLUSTER, 1]));
      const node = nodeOn(t, 'qed', file, { backing: below.options });
      await t.execute('blockdev-add', node);
      const guest = await openIo(t, node['node-name']);
      await checkReads(t, guest, [0, CLUSTER], 0x11, 'of a cluster that is there');
      await checkReads(t, guest, [CLUSTER, CLUSTER], 0, 'of a cluster of zeroes');
      await checkReads(t, guest, [2 * CLUSTER, SIZE - 2 * CLUSTER], 0x33, 'of what the image does not have');
      t.check(await writes(guest, [3 * CLUSTER + 512, 512], 0x44), 'a write must succeed', 'it fails');
      await checkReads(t, guest, [3 * CLUSTER, 512], 0x33, 'before what was written');
      await checkReads(t, guest, [3 * CLUSTER + 512, 512], 0x44, 'of what was written');
      await checkReads(t, guest, [3 * CLUSTER + 1024, CLUSTER], 0x33, 'behind what was written');
      await guest.close();
    },
  },
  {
    id: 'formats/parallels-unclosed',
    title: 'A parallels image that was not closed opens only to be read',
    requirements: ['formats/unclean', 'blockdev-add/failure-leaves-nothing'],
    needs: ofDriver('parallels'),
    async run(t: CaseContext) {
      const cluster = 8 * 512;
      const file = await makeFile(t, buildParallels(NEW_MAGIC, 8, IN_USE));
      const node = nodeOn(t, 'parallels', file);
      await t.refused('blockdev-add', node);
      await checkAbsent(t, node['node-name']);
      await t.execute('blockdev-add', { ...node, 'read-only': true });
      const guest = await openIo(t, node['node-name'], { writable: false });
      await checkReads(t, guest, [cluster, cluster], 0x11, 'of what the image holds');
      await guest.close();
    },
  },
  {
    id: 'formats/parallels-old-content',
    title: 'A parallels image of the older magic, whose table counts sectors, is read and written',
    requirements: ['formats/content'],
    needs: ofDriver('parallels'),
    async run(t: CaseContext) {
      const cluster = 63 * 512;
      const file = await makeFile(t, buildParallels(OLD_MAGIC, 63, 0));
      const node = nodeOn(t, 'parallels', file);
      await t.execute('blockdev-add', node);
      const guest = await openIo(t, node['node-name']);
      await checkReads(t, guest, [0, cluster], 0, 'of what was never written');
      await checkReads(t, guest, [cluster, cluster], 0x11, 'of what the image holds');
      t.check(await writes(guest, [512, 512], 0x22), 'a write must succeed', 'it fails');
      await guest.close();
      await t.execute('blockdev-del', { 'node-name': node['node-name'] });
      await t.execute('blockdev-add', node);
      const again = await openIo(t, node['node-name']);
      await checkReads(t, again, [512, 512], 0x22, 'of what was written, after the image was opened again');
      await checkReads(t, again, [1024, cluster - 1024], 0, 'behind that');
      await checkReads(t, again, [cluster, cluster], 0x11, 'of what the image held before');
      await again.close();
    },
  },
  {
    id: 'formats/qcow-compressed',
    title:
      'A compressed cluster of qcow is read, and keeps the rest of what it holds when a part of it is written',
    requirements: ['formats/content'],
    needs: ofDriver('qcow'),
    async run(t: CaseContext) {
      const cluster = Buffer.alloc(CLUSTER, 0x11).fill(0x22, CLUSTER / 2);
      const node = nodeOn(t, 'qcow', await makeFile(t, buildQcow(cluster)));
      await t.execute('blockdev-add', node);
      const guest = await openIo(t, node['node-name']);
      await checkReads(t, guest, [0, CLUSTER / 2], 0x11, 'of the first half of the cluster');
      await checkReads(t, guest, [CLUSTER / 2, CLUSTER / 2], 0x22, 'of its second half');
      await checkReads(t, guest, [CLUSTER, CLUSTER], 0, 'of the cluster behind it');
      t.check(await writes(guest, [512, 512], 0x33), 'a write must succeed', 'it fails');
      await checkReads(t, guest, [0, 512], 0x11, 'before what was written');
      await checkReads(t, guest, [512, 512], 0x33, 'of what was written');
      await checkReads(t, guest, [CLUSTER / 2, CLUSTER / 2], 0x22, 'of the second half, after that');
      await guest.close();
    },
  },
  {
    id: 'formats/qcow-cut-stream',
    title: 'A compressed cluster of qcow whose entry tells fewer bytes than its stream has cannot be read',
    requirements: ['formats/content'],
    needs: ofDriver('qcow'),
    async run(t: CaseContext) {
      const cluster = Buffer.from(Array.from({ length: CLUSTER }, (_, at) => (at * at) & 255));
      const node = nodeOn(t, 'qcow', await makeFile(t, buildQcow(cluster, 20)));
      await t.execute('blockdev-add', node);
      const guest = await openIo(t, node['node-name'], { writable: false });
      await checkReadFails(t, guest, [0, CLUSTER], 'of a stream that is cut');
      await checkReads(t, guest, [CLUSTER, CLUSTER], 0, 'of the cluster behind it');
      await guest.close();
    },
  },
  {
    id: 'formats/qed-repaired',
    title:
      'Of the tables of a qed image that was not closed what leads nowhere is cleared, and all else stays',
    requirements: ['formats/unclean'],
    needs: ofDriver('qed'),
    async run(t: CaseContext) {
      const image = brokenQed(NEED_CHECK);
      const file = await makeFile(t, image);
      const node = nodeOn(t, 'qed', file);
      await t.execute('blockdev-add', node);
      await t.execute('blockdev-del', { 'node-name': node['node-name'] });
      const cleared = [
        ...BROKEN_TABLES.map(([index]) => QED_L1 + index * 8),
        ...BROKEN_CLUSTERS.map(([index]) => QED_L2 + index * 8),
      ];
      const bytes = await bytesOf(t, file.local);
      for (const at of cleared)
        t.equal(Number(bytes.readBigUInt64LE(at)), 0, `the entry at ${at} must be cleared`);
      t.equal(bytes[16]!, 0, 'a repaired image must not be marked');
      const rest = patched(image, [[16, '\0'], ...cleared.map((at): Patch => [at, le64(0)])]);
      t.check(bytes.equals(rest), 'all else must stay', 'it does not');
    },
  },
  {
    id: 'formats/qed-repaired-far',
    title: 'Of a long table of a qed image that was not closed all entries are repaired, near its end, too',
    requirements: ['formats/unclean'],
    needs: ofDriver('qed'),
    async run(t: CaseContext) {
      const [cluster, table] = [64 * KiB, 512 * KiB];
      const [l1, l2] = [cluster, cluster + table];
      const data = l2 + table;
      const last = table / 8 - 1;
      const image = patched(Buffer.alloc(data + cluster, 0), [
        [0, 'QED\0'],
        [4, le32(cluster)],
        [8, le32(table / cluster)],
        [12, le32(1)],
        [16, le64(NEED_CHECK)],
        [40, le64(l1)],
        [48, le64((last + 1) * cluster)],
        [l1, le64(l2)],
        [l2 + (last - 1) * 8, Buffer.concat([le64(data + 2 * cluster), le64(data)])],
      ]);
      const file = await makeFile(t, image);
      const node = nodeOn(t, 'qed', file);
      await t.execute('blockdev-add', node);
      await t.execute('blockdev-del', { 'node-name': node['node-name'] });
      const expected = patched(image, [
        [16, '\0'],
        [l2 + (last - 1) * 8, le64(0)],
      ]);
      const bytes = await bytesOf(t, file.local);
      t.check(
        bytes.equals(expected),
        'the entry that leads nowhere must be cleared, and all else stay',
        'it is not so',
      );
    },
  },
  {
    id: 'formats/qed-broken-tables',
    title:
      'What entries of a qed image lead out of the file, or into a cluster, cannot be read; the rest can',
    requirements: ['formats/garbage'],
    needs: ofDriver('qed'),
    async run(t: CaseContext) {
      const node = nodeOn(t, 'qed', await makeFile(t, brokenQed(0)), { 'read-only': true });
      await t.execute('blockdev-add', node);
      const guest = await openIo(t, node['node-name'], { writable: false });
      for (const [index, what] of BROKEN_CLUSTERS)
        await checkReadFails(t, guest, [index * CLUSTER, CLUSTER], `of ${what}`);
      for (const [index, what] of BROKEN_TABLES)
        await checkReadFails(t, guest, [index * QED_SPAN, CLUSTER], `of what has its entry in ${what}`);
      await checkReads(t, guest, [0, CLUSTER], 0x11, 'of a cluster that is there');
      await checkReads(t, guest, [4 * CLUSTER, CLUSTER], 0x11, 'of the last cluster of the file');
      await checkReads(t, guest, [CLUSTER, 2 * CLUSTER], 0, 'of clusters of zeroes, and without a place');
      await guest.close();
    },
  },
];
