/** Fields of qcow2 headers at their limits: what lies within opens, what lies beyond by one is refused. */
import { truncate } from 'node:fs/promises';
import { COMPATIBLE, EXTENSION, INCOMPATIBLE, MAGIC } from '../../qcow2/qcow2-header.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { chainNodes } from '../helpers/backing-chains.ts';
import { isTaken, KiB, MiB, makeFile, nodeNames } from '../helpers/shared-setup.ts';

/** A header, and nothing behind it: all tables are zeroes. Offsets and sizes in bytes. */
interface HeaderFields {
  readonly version?: number;
  readonly clusterBits?: number;
  readonly size?: number;
  readonly encryption?: number;
  readonly l1Size?: number;
  readonly l1Offset?: number;
  readonly refcountTable?: number;
  readonly refcountClusters?: number;
  readonly snapshots?: number;
  readonly snapshotsOffset?: number;
  readonly incompatible?: bigint;
  readonly refcountOrder?: number;
  readonly headerLength?: number;
  readonly backing?: readonly [offset: number, length: number];
  /** The first extension. */
  readonly extension?: readonly [type: number, length: number];
  /** Of the file. */
  readonly length?: number;
}

const FIRST_BYTES = 4 * KiB;
/** Off none of the boundaries that clusters can have, and room for what is read from there. */
const TABLES = [4 * MiB, 8 * MiB, 64 * MiB] as const;
/** Offsets in files are below. */
const END_OF_OFFSETS = 2 ** 63;
const UNKNOWN = 0x12345678;

function headerBytes(fields: HeaderFields): Buffer {
  const { version = 3, clusterBits = 9, size = 0, encryption = 0, headerLength = 104 } = fields;
  const { backing = [0, 0], extension = [0, 0], incompatible = 0n, refcountOrder = 4 } = fields;
  const bytes = Buffer.alloc(FIRST_BYTES);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt32BE(version, 4);
  bytes.writeBigUInt64BE(BigInt(backing[0]), 8);
  bytes.writeUInt32BE(backing[1], 16);
  bytes.writeUInt32BE(clusterBits, 20);
  bytes.writeBigUInt64BE(BigInt(size), 24);
  bytes.writeUInt32BE(encryption, 32);
  bytes.writeUInt32BE(fields.l1Size ?? 1, 36);
  bytes.writeBigUInt64BE(BigInt(fields.l1Offset ?? TABLES[0]), 40);
  bytes.writeBigUInt64BE(BigInt(fields.refcountTable ?? TABLES[1]), 48);
  bytes.writeUInt32BE(fields.refcountClusters ?? 1, 56);
  bytes.writeUInt32BE(fields.snapshots ?? 0, 60);
  bytes.writeBigUInt64BE(BigInt(fields.snapshotsOffset ?? 0), 64);
  if (version !== 2) {
    bytes.writeBigUInt64BE(incompatible, INCOMPATIBLE.at);
    bytes.writeBigUInt64BE(0n, COMPATIBLE.at);
    bytes.writeUInt32BE(refcountOrder, 96);
    bytes.writeUInt32BE(headerLength, 100);
  }
  const at = version === 2 ? 72 : Math.min(headerLength, FIRST_BYTES - 8);
  bytes.writeUInt32BE(extension[0], at);
  bytes.writeUInt32BE(extension[1], at + 4);
  // a name that could be one
  if (backing[0] !== 0) bytes.fill('b', Math.min(backing[0], FIRST_BYTES), FIRST_BYTES);
  return bytes;
}

/** A field, its values that are taken, and those that are not. */
interface Limit {
  readonly what: string;
  readonly taken: readonly HeaderFields[];
  readonly refused: readonly HeaderFields[];
}

async function checkLimits(t: CaseContext, limits: readonly Limit[]): Promise<void> {
  const before = (await nodeNames(t)).toSorted();
  const node = t.name('limit');
  for (const { what, taken, refused } of limits) {
    for (const fields of [...taken, ...refused]) {
      const made = await makeFile(t, headerBytes(fields));
      await truncate(made.local, fields.length ?? 100 * MiB);
      const opens = await isTaken(t, {
        driver: 'qcow2',
        'node-name': node,
        'read-only': true,
        backing: null,
        file: { driver: 'file', filename: made.path },
      });
      const isWithin = taken.includes(fields);
      t.check(
        opens === isWithin,
        isWithin ? `${what} must be taken at the limit` : `${what} must be refused beyond the limit`,
        `the header ${JSON.stringify(fields, (_, value) => (typeof value === 'bigint' ? String(value) : value))} is ${opens ? 'taken' : 'refused'}`,
      );
    }
  }
  t.equal((await nodeNames(t)).toSorted(), before, 'no node must be left');
}

const SHAPE: readonly Limit[] = [
  { what: 'a version', taken: [{ version: 2 }, { version: 3 }], refused: [{ version: 1 }, { version: 4 }] },
  {
    what: 'a size of clusters',
    taken: [{ clusterBits: 9 }, { clusterBits: 21 }],
    refused: [{ clusterBits: 8 }, { clusterBits: 22 }],
  },
  {
    what: 'the length of the header',
    taken: [{ headerLength: 112 }, { headerLength: 504 }],
    refused: [{ headerLength: 96 }, { headerLength: 103 }, { headerLength: 520 }],
  },
  {
    what: 'a width of counts',
    taken: [{ refcountOrder: 0 }, { refcountOrder: 6 }],
    refused: [{ refcountOrder: 7 }],
  },
  { what: 'a method of encryption', taken: [{ encryption: 0 }], refused: [{ encryption: 3 }] },
  {
    what: 'a feature',
    taken: [{ incompatible: 1n }, { incompatible: 2n }],
    refused: [{ incompatible: 32n }, { incompatible: 1n << 63n }],
  },
];

const TABLES_LIMITS: readonly Limit[] = [
  {
    what: 'a table of counts',
    taken: [
      { refcountClusters: 1 },
      { refcountClusters: 16384 },
      { clusterBits: 21, refcountClusters: 4 },
      { refcountTable: END_OF_OFFSETS / 2 },
    ],
    refused: [
      { refcountClusters: 0 },
      { refcountClusters: 16385 },
      { clusterBits: 21, refcountClusters: 5 },
      { refcountTable: TABLES[1] + 256 },
      { clusterBits: 12, refcountTable: TABLES[1] + 2048 },
      { clusterBits: 12, refcountTable: END_OF_OFFSETS - 4 * KiB },
    ],
  },
  {
    what: 'an L1 table',
    taken: [
      { l1Size: 0 },
      { l1Size: 4 * MiB },
      { size: 32 * KiB, l1Size: 1 },
      { size: 64 * KiB, l1Size: 2 },
      { clusterBits: 12, size: 2 * MiB, l1Size: 1 },
      { l1Offset: END_OF_OFFSETS / 2 },
    ],
    refused: [
      { l1Size: 4 * MiB + 1 },
      { l1Offset: TABLES[0] + 256 },
      { clusterBits: 12, l1Offset: END_OF_OFFSETS - 4 * KiB, l1Size: 512 },
      { size: 32 * KiB + 512, l1Size: 1 },
      { size: 64 * KiB, l1Size: 1 },
      { size: 512, l1Size: 0 },
      { clusterBits: 12, size: 2 * MiB + 512, l1Size: 1 },
    ],
  },
  {
    what: 'a table of snapshots',
    taken: [{ snapshotsOffset: TABLES[2] }],
    refused: [
      { snapshots: 65537, snapshotsOffset: TABLES[2] },
      { snapshots: 1, snapshotsOffset: TABLES[2] + 256 },
      { snapshots: 1, snapshotsOffset: END_OF_OFFSETS },
    ],
  },
];

const NAMES: readonly Limit[] = [
  {
    what: 'a name of a backing file',
    taken: [
      { clusterBits: 12, backing: [1024, 1023] },
      { backing: [400, 112] },
      { backing: [512, 0] },
      { version: 2, backing: [104, 408] },
    ],
    refused: [
      { clusterBits: 12, backing: [1024, 1024] },
      { backing: [400, 113] },
      { backing: [513, 0] },
      { version: 2, backing: [104, 409] },
    ],
  },
  {
    what: 'an extension',
    taken: [
      { extension: [UNKNOWN, 400] },
      { extension: [UNKNOWN, 88], backing: [200, 8] },
      { extension: [EXTENSION.backingFormat, 15] },
      { version: 2, extension: [UNKNOWN, 432] },
    ],
    refused: [
      { extension: [UNKNOWN, 401] },
      { extension: [UNKNOWN, 89], backing: [200, 8] },
      { extension: [EXTENSION.backingFormat, 16] },
      { extension: [EXTENSION.bitmaps, 16] },
      { extension: [EXTENSION.bitmaps, 32] },
      { extension: [EXTENSION.encryption, 16] },
      { version: 2, extension: [UNKNOWN, 433] },
    ],
  },
];

const limitsCase = (id: string, title: string, limits: readonly Limit[]): CaseDefinition => ({
  id: `hostile-images/${id}`,
  title,
  requirements: ['qcow2/damaged-refused', 'qcow2/shapes'],
  needs: chainNodes,
  run: (t: CaseContext) => checkLimits(t, limits),
});

export const limitsOfHeaders: readonly CaseDefinition[] = [
  limitsCase(
    'limits-of-shapes',
    'Versions, sizes, widths and features open up to their limits, no further',
    SHAPE,
  ),
  limitsCase(
    'limits-of-tables',
    'Tables open up to the largest that there may be, and where they may be',
    TABLES_LIMITS,
  ),
  limitsCase(
    'limits-of-names',
    'Names and extensions open as long as they may be, and not a byte longer',
    NAMES,
  ),
];
