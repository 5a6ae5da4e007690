/** Images of qed, Parallels and qcow that are written. */
import type { CaseContext } from '../case.ts';
import { be64, le32, le64, patched } from '../helpers/made-formats/bytes.ts';
import {
  buildParallels,
  PARALLELS_IN_USE,
  PARALLELS_NEW,
  PARALLELS_OLD,
  parseParallels,
} from '../helpers/made-formats/made-parallels.ts';
import { buildQed, parseQed, QED_CLUSTER, QED_DATA, QED_L1 } from '../helpers/made-formats/made-qed.ts';
import { buildQcow, parseQcow, QCOW_CLUSTER } from '../helpers/made-qcow.ts';
import { nowhere, rangesOf, type Written } from './written-images.ts';

/** Of qed, with a missing table between two. */
export function qedImage(): Omit<Written, 'driver'> {
  const perTable = (2 * QED_CLUSTER) / 8;
  const size = (2 * perTable + 2) * QED_CLUSTER;
  const third = QED_DATA + 2 * QED_CLUSTER;
  const image = buildQed(size, [0, 0, QED_DATA, QED_DATA + QED_CLUSTER, 1], {
    patches: [
      [24, le64(1)],
      [32, le64(1)],
      // the second table is missing, the third leads to a cluster
      [QED_L1 + 16, le64(third)],
      [third, le64(third + 2 * QED_CLUSTER)],
      [third + 2 * QED_CLUSTER, Buffer.alloc(QED_CLUSTER, 0x12)],
    ],
  });
  const disk = Buffer.alloc(size)
    .fill(0x11, 2 * QED_CLUSTER, 4 * QED_CLUSTER)
    .fill(0x12, 2 * perTable * QED_CLUSTER, (2 * perTable + 1) * QED_CLUSTER);
  return {
    image,
    disk,
    ranges: [
      [(perTable + 900) * QED_CLUSTER + 512, 125 * QED_CLUSTER],
      ...rangesOf(QED_CLUSTER, perTable, size),
      [4 * QED_CLUSTER + 512, 512],
    ],
    zeroes: [12 * QED_CLUSTER, 4 * QED_CLUSTER],
    during: (t: CaseContext, bytes: Buffer) => {
      const { autoclear, features } = parseQed(bytes);
      t.equal(autoclear, 0, 'a writer must clear features that it does not know');
      t.equal(features, 2, 'an image that is being written must be marked as in need of a check');
    },
    places: (bytes) => [QED_CLUSTER, parseQed(bytes).entries.map((place) => (place < 2 ? undefined : place))],
    after: (t: CaseContext, bytes: Buffer) => {
      const { features, autoclear, entries } = parseQed(bytes);
      t.equal(features, 0, 'a closed image must not be marked as in need of a check');
      t.equal(autoclear, 0, 'a writer must clear features that it does not know');
      t.equal(bytes[24]!, 1, 'a writer must keep features that need not be known');
      t.equal(entries.slice(12, 16), [1, 1, 1, 1], 'clusters of zeroes must be entries of their own');
    },
  };
}

/** Of Parallels, by either magic. */
export function parallelsImage(magic: string): Omit<Written, 'driver'> {
  const [sectors, count] = [8, 40];
  const cluster = sectors * 512;
  const unit = magic === PARALLELS_NEW ? cluster : 512;
  const size = count * cluster - 512;
  const entries = Array(count).fill(0);
  entries[5] = cluster / unit;
  entries[4] = (2 * cluster) / unit;
  const image = buildParallels({ magic, size, sectors, entries, inFile: 2 });
  const disk = Buffer.alloc(size)
    .fill(0x11, 5 * cluster, 6 * cluster)
    .fill(0x12, 4 * cluster, 5 * cluster);
  return {
    image,
    disk,
    ranges: rangesOf(cluster, 16, size),
    during: (t: CaseContext, bytes: Buffer) =>
      t.equal(parseParallels(bytes).inUse, PARALLELS_IN_USE, 'an image that is being written must be marked'),
    places: (bytes) => [cluster, parseParallels(bytes).entries.map((place) => nowhere(place * unit))],
    after: (t: CaseContext, bytes: Buffer) => {
      const { inUse, entries: places, ...rest } = parseParallels(bytes);
      const { inUse: _, entries: __, ...before } = parseParallels(image);
      t.equal(inUse, 0, 'a closed image must not be marked');
      t.equal(rest, before, 'the header must stay');
      const used = places.filter((place) => place > 0).length;
      t.equal(bytes.length, (used + 1) * cluster, 'clusters must follow each other');
      t.equal(bytes.length, Math.max(...places) * unit + cluster, 'the file must end with its last cluster');
    },
  };
}

/** Of qcow, with a missing table between two. */
export function qcowImage(): Omit<Written, 'driver'> {
  const [perTable, size] = [64, 200 * QCOW_CLUSTER + 1024];
  const image = patched(buildQcow(3, Buffer.alloc(QCOW_CLUSTER, 0x11), 0), [
    [24, be64(size)],
    [33, Buffer.from([Math.log2(perTable)])],
    // the second table is missing, the third leads to a cluster
    [48 + 16, be64(QCOW_CLUSTER + 512)],
    [QCOW_CLUSTER + 512 + 8, be64(3 * QCOW_CLUSTER)],
    [3 * QCOW_CLUSTER, Buffer.alloc(QCOW_CLUSTER, 0x12)],
  ]);
  const disk = Buffer.alloc(size)
    .fill(0x11, 3 * QCOW_CLUSTER, 4 * QCOW_CLUSTER)
    .fill(0x12, 129 * QCOW_CLUSTER, 130 * QCOW_CLUSTER);
  return {
    image,
    disk,
    ranges: [[100 * QCOW_CLUSTER + 512, 40 * QCOW_CLUSTER], ...rangesOf(QCOW_CLUSTER, perTable, size)],
    places: (bytes) => [QCOW_CLUSTER, parseQcow(bytes).entries.map(nowhere)],
  };
}

/** Clusters of a sector, more than a page of the table leads to; the header does not say where data begins. */
export function parallelsPages(): Omit<Written, 'driver'> {
  const count = 1100;
  const size = count * 512;
  const image = buildParallels(
    { magic: PARALLELS_OLD, size, sectors: 1, entries: Array(count).fill(0), inFile: 0 },
    [[48, le32(0)]],
  );
  const start = Math.ceil((64 + count * 4) / 512) * 512;
  return {
    image,
    disk: Buffer.alloc(size),
    ranges: [
      [1000 * 512, 60 * 512],
      [5 * 512, 512],
    ],
    places: (bytes) => [512, parseParallels(bytes).entries.map((place) => nowhere(place * 512))],
    after: (t: CaseContext, bytes: Buffer) => {
      const { entries } = parseParallels(bytes);
      t.equal(entries[1000]! * 512, start, 'the first cluster must follow the table');
      t.equal(bytes.length, start + 61 * 512, 'the file must end with its last cluster');
    },
  };
}

/** A table with more entries than the disk has clusters, of which the last leads to the end of the file. */
export function parallelsLongTable(): Omit<Written, 'driver'> {
  const [entries, size] = [Array(70_000).fill(0), 16 * 512];
  const last = Math.ceil((64 + entries.length * 4) / 512) + 9;
  entries[entries.length - 1] = last;
  const image = buildParallels({ magic: PARALLELS_OLD, size, sectors: 1, entries, inFile: 0 }, [
    [48, le32(last - 9)],
    [last * 512, Buffer.alloc(512, 0x55)],
  ]);
  return {
    image,
    disk: Buffer.alloc(size),
    ranges: [[512, 2 * 512]],
    places: (bytes) => [
      512,
      parseParallels(bytes)
        .entries.slice(0, 16)
        .map((place) => nowhere(place * 512)),
    ],
    after: (t: CaseContext, bytes: Buffer) => {
      t.equal(
        parseParallels(bytes).entries[1]!,
        last + 1,
        'new clusters must lie behind all that are in use',
      );
      t.equal(bytes[last * 512]!, 0x55, 'what another entry leads to must stay');
    },
  };
}
