/** Directories of bitmaps in qcow2 images, field by field: what may be opens, what may not is refused with the image. */
import { HEADER_LENGTH } from '../../qcow2/qcow2-header.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { chainNodes } from '../helpers/backing-chains.ts';
import { buildQcow2 } from '../helpers/qcow2-image.ts';
import { isTaken, KiB, makeFile, nodeNames } from '../helpers/shared-setup.ts';
import { type StoredBitmap, withBitmap } from '../helpers/stored-bitmaps.ts';

const CLUSTER = 4 * KiB;
const SIZE = 128 * KiB;

/** The image with a bitmap, and where its directory is, bytes. */
interface Made {
  readonly bytes: Buffer;
  readonly directory: number;
}

/** An image, and what is changed in it. */
interface Directory {
  readonly what: string;
  readonly bitmap?: Partial<StoredBitmap>;
  readonly change?: (made: Made) => void;
}

const COUNT = HEADER_LENGTH + 8;

const set32 =
  (at: number, value: number) =>
  ({ bytes, directory }: Made): void => {
    bytes.writeUInt32BE(value, directory + at);
  };

const lengthened =
  (by: number) =>
  ({ bytes }: Made): void => {
    bytes.writeBigUInt64BE(bytes.readBigUInt64BE(COUNT + 8) + BigInt(by), COUNT + 8);
  };

const TAKEN: readonly Directory[] = [
  { what: 'nothing changed' },
  { what: 'a name of one byte', bitmap: { name: 'b' } },
  { what: 'a name of 1023 bytes', bitmap: { name: 'n'.repeat(1023) } },
  { what: 'a bit for 512 bytes', bitmap: { granularity: 512 } },
  { what: 'a bit for 2 GiB', bitmap: { granularity: 2 ** 31 } },
  { what: 'a bitmap in use', bitmap: { flags: 1 } },
  { what: 'a bitmap that does not record', bitmap: { flags: 0 } },
  { what: 'a bitmap in use that records', bitmap: { flags: 3 } },
];

const REFUSED: readonly Directory[] = [
  { what: 'a name of 1024 bytes', bitmap: { name: 'n'.repeat(1024) } },
  { what: 'an empty name', change: ({ bytes, directory }) => bytes.writeUInt16BE(0, directory + 18) },
  { what: 'a bit for 256 bytes', bitmap: { granularity: 256 } },
  { what: 'a bit for 4 GiB', bitmap: { granularity: 2 ** 32 } },
  { what: 'a flag that is not defined', bitmap: { flags: 8 } },
  { what: 'the last of the flags', bitmap: { flags: 2 ** 31 } },
  { what: 'type 0', change: ({ bytes, directory }) => bytes.writeUInt8(0, directory + 16) },
  { what: 'type 2', change: ({ bytes, directory }) => bytes.writeUInt8(2, directory + 16) },
  {
    what: 'further data in the entry',
    change: (made) => {
      set32(20, 8)(made);
      lengthened(8)(made);
    },
  },
  { what: 'a table within a cluster', change: set32(4, 512 + 7 * CLUSTER) },
  { what: 'a table of more than 2 ** 27 entries', change: set32(8, 2 ** 27 + 1) },
  { what: 'a directory longer than its entries', change: lengthened(8) },
  { what: 'a directory shorter than its entries', change: lengthened(-8) },
  { what: 'fewer entries than it says', change: ({ bytes }) => bytes.writeUInt32BE(2, COUNT) },
  { what: 'more bitmaps than there may be', change: ({ bytes }) => bytes.writeUInt32BE(65536, COUNT) },
  {
    what: 'a directory of more than 64 MiB',
    change: ({ bytes }) => bytes.writeBigUInt64BE(2n ** 26n + 8n, COUNT + 8),
  },
];

function imageWith({ bitmap, change }: Directory): Buffer {
  const image = buildQcow2({ size: SIZE, clusterSize: CLUSTER });
  const name = { name: 'bitmap', flags: 2, granularity: CLUSTER, ...bitmap };
  const bytes = withBitmap(image, { ...name, dirty: [0] });
  change?.({ bytes, directory: image.length });
  return bytes;
}

export const bitmapDirectories: readonly CaseDefinition[] = [
  {
    id: 'hostile-images/bitmap-directory',
    title: 'An image opens with each bitmap that there may be, and with none whose entry says what cannot be',
    requirements: ['qcow2/damaged-refused', 'blockdev-add/failure-leaves-nothing'],
    needs: chainNodes,
    async run(t: CaseContext) {
      const before = (await nodeNames(t)).toSorted();
      const node = t.name('bitmap');
      for (const directory of [...TAKEN, ...REFUSED]) {
        const { path } = await makeFile(t, imageWith(directory));
        const opens = await isTaken(t, {
          driver: 'qcow2',
          'node-name': node,
          'read-only': true,
          file: { driver: 'file', filename: path },
        });
        const isSound = TAKEN.includes(directory);
        t.check(
          opens === isSound,
          isSound
            ? 'an image with a sound bitmap must open'
            : 'an image with a broken bitmap must be refused',
          `with ${directory.what} it is ${opens ? 'opened' : 'refused'}`,
        );
      }
      t.equal((await nodeNames(t)).toSorted(), before, 'no node must be left');
    },
  },
];
