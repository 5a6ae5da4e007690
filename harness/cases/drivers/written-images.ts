/** How images of other formats are written, and what must come of it. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext } from '../case.ts';
import type { RequiredText } from '../case-text.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { openIo } from '../helpers/node-io.ts';
import { makeFile } from '../helpers/shared-setup.ts';
import type { Range } from './driver-guest.ts';

/** An image, what is written to it, and what must be in its file then. */
export interface Written {
  readonly driver: string;
  readonly image: Buffer;
  /** What the disk holds at first. */
  readonly disk: Buffer;
  /** What is written, by bytes of its own each. */
  readonly ranges: readonly Range[];
  /** Whole clusters of the disk that zeroes are written to at the end. */
  readonly zeroes?: Range;
  readonly options?: JsonObject;
  /** Looks at the file while it is being written. */
  during?(t: CaseContext, bytes: Buffer): void;
  /** The place in the file of each cluster, or undefined; and their length. What is nowhere is zeroes. */
  readonly places: (bytes: Buffer) => readonly [clusterSize: number, places: readonly (number | undefined)[]];
  /** Looks at the file that was written and closed. */
  after?(t: CaseContext, bytes: Buffer): void;
}

const FIRST_BYTE = 0x21;

async function checkDisk(t: CaseContext, node: string, disk: Buffer, when: string): Promise<void> {
  const io = await openIo(t, node, { writable: false });
  for (const start of [0, Math.floor(disk.length / 3 / 512) * 512]) {
    const bytes = await io.read(start, disk.length - start);
    checkSame(
      t,
      bytes,
      disk.subarray(start),
      `the disk must hold what it was given, when it is read ${when}`,
    );
  }
  await io.close();
}

function checkSame(t: CaseContext, bytes: Buffer, expected: Buffer, statement: RequiredText): void {
  const at = bytes.equals(expected) ? -1 : bytes.findIndex((byte, index) => byte !== expected[index]);
  t.check(at === -1, statement, `byte ${at} is ${bytes[at]} in place of ${expected[at]}`);
}

/** Writes to an image and looks at it: by its node, by its tables, by a node that is opened again. */
export async function checkWritten(t: CaseContext, written: Written): Promise<void> {
  const { driver, image, ranges, zeroes, options = {} } = written;
  const disk = Buffer.from(written.disk);
  const file = await makeFile(t, image);
  const node = t.name(driver);
  const open = { driver, 'node-name': node, file: { driver: 'file', filename: file.path }, ...options };
  await t.execute('blockdev-add', open);
  await checkDisk(t, node, disk, 'before it is written');
  const io = await openIo(t, node);
  for (const [index, [offset, length]] of ranges.entries()) {
    const byte = FIRST_BYTE + index;
    await io.perform({ kind: 'write', offset, length, byte });
    disk.fill(byte, offset, offset + length);
  }
  if (zeroes !== undefined) {
    await io.perform({ kind: 'write-zeroes', offset: zeroes[0], length: zeroes[1], unmap: true });
    disk.fill(0, zeroes[0], zeroes[0] + zeroes[1]);
  }
  await io.perform({ kind: 'flush' });
  written.during?.(t, await bytesOf(t, file.local));
  await io.close();
  await checkDisk(t, node, disk, 'after it was written');
  await t.execute('blockdev-del', { 'node-name': node });
  const bytes = await bytesOf(t, file.local);
  const [clusterSize, places] = written.places(bytes);
  const found = places.map((place) =>
    place === undefined
      ? Buffer.alloc(clusterSize)
      : Buffer.concat([bytes.subarray(place, place + clusterSize)], clusterSize),
  );
  checkSame(
    t,
    Buffer.concat(found).subarray(0, disk.length),
    disk,
    'the tables of the image must lead to what the disk was given',
  );
  const used = places.filter((place) => place !== undefined);
  t.equal(new Set(used).size, used.length, 'no two clusters may have one place');
  written.after?.(t, bytes);
  await t.execute('blockdev-add', { ...open, 'read-only': true });
  await checkDisk(t, node, disk, 'when it is opened again');
}

/** Ranges of a disk with clusters of so many bytes, of which `tables` go to a table: of every shape, in no order. */
export function rangesOf(cluster: number, perTable: number, size: number): Range[] {
  const border = cluster * perTable;
  const ranges: Range[] = [
    [border - 512, 1024],
    [512, 512],
    [3 * cluster - 1024, 2 * cluster + 1536],
    [size - 1024, 1024],
    [size - 3 * cluster, cluster],
    [7 * cluster, 2 * cluster],
    [3 * cluster + 512, 512],
  ];
  return ranges.filter(([offset, length]) => offset + length <= size);
}

/** The place that a number in a table stands for. */
export const nowhere = (place: number) => (place === 0 ? undefined : place);
