/** What makes an image of qed, Parallels or qcow, and what does not. */
import { buildQcow } from '../made-qcow.ts';
import { be32, be64, le32, le64, type Patch } from './bytes.ts';
import { type FormatLimits, field, type Limit } from './limits.ts';
import { buildParallels, PARALLELS_NEW, PARALLELS_OLD } from './made-parallels.ts';
import { buildQed, QED_CLUSTER, QED_DATA, QED_L1 } from './made-qed.ts';

const SECTOR = 512;

/** The limits of qed. */
export function qedLimits(): FormatLimits {
  const size = 64 * 1024;
  const sound = buildQed(size, [QED_DATA]);
  const tableEntries = (2 * QED_CLUSTER) / 8;
  const most = tableEntries ** 2 * QED_CLUSTER;
  const withSize = (told: number): Limit => ({
    what: `a disk of ${told} bytes`,
    image: [[48, le64(told)]],
    opens: true,
    size: told,
  });
  const wide = (cluster: number, l1: number): Patch[] => [
    [4, le32(cluster)],
    [40, le64(l1)],
    [l1, Buffer.alloc(2 * cluster)],
  ];
  const FAR = 64 * 1024;
  return {
    driver: 'qed',
    sound,
    size,
    limits: [
      ...field('magic', 0, [], ['QED ', 'QEE\0']),
      ...field('features', 16, [], [le64(8), le64(1n << 63n)]),
      ...field('features that need not be known', 24, [le64(1), le64(1n << 63n)], []),
      ...field('features that a writer clears', 32, [le64(1)], []),
      ...field('size of clusters', 4, [], [le32(2048), le32(4097), le32(6144), le32(1 << 27)]),
      { what: 'clusters of 64 KiB', image: wide(FAR, FAR), opens: true },
      { what: 'clusters of 6 KiB', image: wide(6144, 12288), opens: false },
      { what: 'clusters of 2 KiB', image: wide(2048, 4096), opens: false },
      ...field('clusters of a table', 8, [le32(2), le32(4)], [le32(0), le32(3)]),
      ...[16, 32].map((clusters) => ({
        what: `${clusters} clusters of a table`,
        image: [
          [8, le32(clusters)],
          [(clusters + 1) * QED_CLUSTER - 1, '\0'],
        ] as const,
        opens: clusters === 16,
      })),
      ...field('clusters of the header', 12, [le32(1)], [le32(3)]),
      ...field(
        'place of the table',
        40,
        [],
        [le64(QED_L1 + 512), le64(0), le64(1 << 20), le64(6 * QED_CLUSTER)],
      ),
      withSize(0),
      withSize(most),
      ...field('size of the disk', 48, [], [le64(511), le64(513), le64(most + 512), le64(1n << 63n)]),
      {
        what: 'a name behind the header',
        image: [
          [16, le64(1)],
          [56, le32(QED_CLUSTER - 4)],
          [60, le32(5)],
        ],
        opens: false,
      },
      {
        what: 'a name of 1024 bytes',
        image: [
          [16, le64(1)],
          [56, le32(64)],
          [60, le32(1024)],
          [64, 'b'.repeat(1024)],
        ],
        opens: false,
      },
      {
        what: 'a name without bytes',
        image: [
          [16, le64(1)],
          [56, le32(64)],
          [60, le32(0)],
        ],
        opens: true,
      },
      {
        what: 'a name that ends before it begins',
        image: [
          [16, le64(1)],
          [56, le32(64)],
          [60, le32(4)],
          [64, '\0\x01bb'],
        ],
        opens: true,
      },
    ],
  };
}

/** The limits of Parallels. */
export function parallelsLimits(): FormatLimits {
  const size = 64 * 1024;
  const shape = { magic: PARALLELS_NEW, size, sectors: 8, entries: Array(16).fill(0), inFile: 1 };
  const sound = buildParallels({ ...shape, entries: [0, 1, ...Array(14).fill(0)] });
  return {
    driver: 'parallels',
    sound,
    size,
    limits: [
      ...field('magic', 0, [PARALLELS_OLD], ['WithouFreSpacExs', 'WithoutFreeSpacf']),
      ...field('version', 16, [], [le32(1), le32(3), le32(0)]),
      ...field('sectors of a cluster', 28, [le32(1), le32(63)], [le32(0), le32(0xffffffff)]),
      ...field('entries', 32, [le32(0), le32(17)], [le32(0x20000000), le32(0xffffffff)]),
      ...field('place of data', 48, [le32(0), le32(0xffffffff)], []),
      ...field('cylinders', 24, [le32(0)], []),
      { what: 'an image that others mark otherwise', image: [[44, le32(1)]], opens: true },
      {
        what: 'a large disk',
        image: [[36, le64(2 ** 33)]],
        opens: true,
        size: 2 ** 33 * SECTOR,
      },
      {
        what: 'a large disk of the older magic',
        image: [
          [0, PARALLELS_OLD],
          [36, le64(2 ** 32 + 128)],
        ],
        opens: true,
        size,
      },
    ],
  };
}

/** The limits of qcow. */
export function qcowLimits(): FormatLimits {
  const size = 64 * 1024;
  const sound = buildQcow(0, Buffer.alloc(4096, 0x11), 0);
  const withSize = (told: number | bigint, shown: number): Limit => ({
    what: `a disk of ${told} bytes`,
    image: [[24, be64(told)]],
    opens: true,
    size: shown,
  });
  const named = (
    what: string,
    offset: number,
    length: number,
    opens: boolean,
    name = 'b'.repeat(1024),
  ): Limit => ({
    what,
    image: [
      [8, be64(offset)],
      [16, be32(length)],
      [offset, name],
    ],
    opens,
  });
  return {
    driver: 'qcow',
    sound,
    size,
    limits: [
      ...field('magic', 0, [], [be32(0x514649fa)]),
      ...field('version', 4, [], [be32(0), be32(2), be32(3)]),
      ...field('size of the disk', 24, [], [be64(0), be64(1), be64((1n << 63n) + 512n)]),
      withSize(2, 0),
      withSize(512, 512),
      withSize(1025, 1024),
      ...field('bits of a cluster', 32, ['\x09', '\x10'], ['\x08', '\x11']),
      ...field('bits of a table', 33, ['\x06', '\x0d'], ['\x05', '\x0e']),
      ...field('encryption', 36, [], [be32(1), be32(2)]),
      named('a name of no bytes', 3 * 4096, 0, true),
      named('a name of 1024 bytes', 3 * 4096, 1024, false),
      named('a name that ends before it begins', 3 * 4096, 4, true, '\0\x01bb'),
      named('a name that is nowhere', 3 * 4096, 4, false),
    ],
  };
}
