/** qcow2 images whose tables are such that one request meets a certain step of the driver. */
import { deflateRawSync } from 'node:zlib';
import { COMPRESSED, COPIED } from '../../qcow2/qcow2-header.ts';
import { buildQcow2, refcountTableOf } from '../helpers/qcow2-image.ts';
import { KiB } from '../helpers/shared-setup.ts';

/** Bytes of a cluster of the images with large ones, and of a request. */
export const UNIT = 4 * KiB;
/** Virtual size. */
export const GUEST_SIZE = 16 * UNIT;

/** Where `buildQcow2` puts things, in clusters. */
const [REFCOUNT_BLOCK, L1_TABLE, L2_TABLE] = [2, 3, 4];
const SMALL = 512;

const held = new Map([
  [0, 0x11],
  [1, 0x11],
]);

function plain(): Buffer {
  return buildQcow2({ size: GUEST_SIZE, clusterSize: UNIT, clusters: held });
}

/** Guest cluster 2 is a compressed one. */
function compressed(): Buffer {
  const stream = deflateRawSync(Buffer.alloc(UNIT, 0x33), { windowBits: 12 });
  const clusters = new Map([...held, [3, 0]]);
  const image = buildQcow2({ size: GUEST_SIZE, clusterSize: UNIT, clusters });
  const entry = (index: number): number => L2_TABLE * UNIT + index * 8;
  const host = image.readBigUInt64BE(entry(3)) & ~COPIED;
  stream.copy(image, Number(host));
  image.writeBigUInt64BE(0n, entry(3));
  // The sectors beside the first are counted from bit 62 - (cluster bits - 8) on.
  image.writeBigUInt64BE(COMPRESSED | host, entry(2));
  return image;
}

/** Its L1 table has no L2 table, though the cluster of one is counted. */
function withoutL2Table(): Buffer {
  const image = buildQcow2({ size: GUEST_SIZE, clusterSize: UNIT });
  image.writeBigUInt64BE(0n, L1_TABLE * UNIT);
  return image;
}

/** Its L2 table is used twice, as by a snapshot, and so are its clusters. */
function withSharedL2Table(): Buffer {
  const image = plain();
  const unshare = (at: number): number => image.writeBigUInt64BE(image.readBigUInt64BE(at) & ~COPIED, at);
  unshare(L1_TABLE * UNIT);
  for (const cluster of [L2_TABLE, L2_TABLE + 1, L2_TABLE + 2])
    image.writeUInt16BE(2, REFCOUNT_BLOCK * UNIT + cluster * 2);
  for (const index of held.keys()) unshare(L2_TABLE * UNIT + index * 8);
  return image;
}

/** Its clusters are so small that a guest's request needs many of them, and some tables. */
function small(): Buffer {
  const clusters = new Map(Array.from({ length: UNIT / SMALL }, (_, index) => [index, 0x11]));
  const image = buildQcow2({ size: 64 * SMALL, clusterSize: SMALL, clusters });
  const l2 = L2_TABLE * SMALL;
  // A larger disk: one L2 table more for each 32 KiB, of which there is none yet.
  image.writeBigUInt64BE(BigInt(GUEST_SIZE), 24);
  image.writeUInt32BE(GUEST_SIZE / (64 * SMALL), 36);
  return image.subarray(0, Math.max(image.length, l2));
}

/** All that one refcount block counts is in use. */
function withFullRefcountBlock(): Buffer {
  return full(small(), 1);
}

/** All that the refcount table can count is in use. */
function withFullRefcountTable(): Buffer {
  return full(small(), SMALL / 8);
}

/** Fills these many refcount blocks: clusters that nobody uses are counted, which is no corruption. */
function full(image: Buffer, blocks: number): Buffer {
  const perBlock = SMALL / 2;
  const larger = Buffer.alloc(blocks * perBlock * SMALL);
  image.copy(larger);
  for (let block = 0; block < blocks; block += 1) {
    // The first is where it was; of every other the first cluster that it counts.
    const cluster = block === 0 ? REFCOUNT_BLOCK : block * perBlock;
    larger.writeBigUInt64BE(BigInt(cluster * SMALL), refcountTableOf(SMALL) + block * 8);
    for (let index = 0; index < perBlock; index += 1) larger.writeUInt16BE(1, cluster * SMALL + index * 2);
  }
  return larger;
}

/** Its L1 table has two entries, each with a table. */
function withTwoL2Tables(): Buffer {
  const image = small();
  const second = image.length;
  const larger = Buffer.alloc(second + SMALL);
  image.copy(larger);
  larger.writeBigUInt64BE(BigInt(second) | COPIED, L1_TABLE * SMALL + 8);
  larger.writeUInt16BE(1, REFCOUNT_BLOCK * SMALL + (second / SMALL) * 2);
  return larger;
}

/** By what is peculiar to them. An overlay is a plain image that gets a backing node. */
export const eventImages = {
  plain,
  overlay: plain,
  compressed,
  'no-l2-table': withoutL2Table,
  'shared-l2-table': withSharedL2Table,
  'full-refcount-block': withFullRefcountBlock,
  'full-refcount-table': withFullRefcountTable,
  'two-l2-tables': withTwoL2Tables,
} satisfies Record<string, () => Buffer>;

export type ImageKind = keyof typeof eventImages;
