/** Geometries that are guessed and checked, as QEMU 7.2 was seen to do. */
import { describe, expect, test } from 'vitest';
import { checkGeometry, guessByPartitions, guessedGeometry, translationOf } from './geometry.ts';

const GiB = 2 ** 21;
/** Sectors of a cylinder of 16 heads and 63 sectors. */
const CYLINDER = 16 * 63;

type Partition = readonly [lastHead: number, sectors: number, length?: number];

/** A first sector with these partitions. */
function table(...partitions: readonly Partition[]): Buffer {
  const sector = Buffer.alloc(512);
  sector.writeUInt16BE(0x55aa, 510);
  for (const [index, [head, sectors, length = 1]] of partitions.entries()) {
    const at = 446 + index * 16;
    sector[at + 5] = head;
    sector[at + 6] = sectors;
    sector.writeUInt32LE(length, at + 12);
  }
  return sector;
}

const guess = (total: number, ...partitions: readonly Partition[]): string => {
  const { geometry, translation } = guessByPartitions(total, table(...partitions));
  return `${geometry.cylinders}/${geometry.heads}/${geometry.sectors} ${translation}`;
};

describe('by size', () => {
  test.each([
    [0, 2],
    [2048, 2],
    [3 * CYLINDER - 1, 2],
    [3 * CYLINDER, 3],
    [GiB, 2080],
    [16383 * CYLINDER, 16383],
    [16384 * CYLINDER, 16383],
    [200 * GiB, 16383],
  ])('%d sectors', (total, cylinders) => {
    expect(guessedGeometry(total)).toEqual({ cylinders, heads: 16, sectors: 63 });
  });

  test.each([
    [[1024, 16, 63], 'none'],
    [[1025, 16, 63], 'lba'],
    [[20, 17, 63], 'lba'],
    [[20, 16, 64], 'lba'],
  ] as const)('%j asks for the translation %s', ([cylinders, heads, sectors], translation) => {
    expect(translationOf({ cylinders, heads, sectors })).toBe(translation);
  });
});

describe('by partitions', () => {
  test.each<[string, string, number, ...Partition[]]>([
    ['that end as the disk would', '8192/8/32 none', GiB, [7, 32]],
    ['whose last sector has bits of a cylinder', '8192/8/32 none', GiB, [7, 0xc0 | 32]],
    ['of a translated disk', '2080/16/63 large', GiB, [254, 63]],
    [
      'of a translated disk with as many cylinders and heads as doubling reaches',
      '8192/16/63 large',
      8192 * CYLINDER,
      [16, 63],
    ],
    ['of one with more', '8193/16/63 lba', 8193 * CYLINDER, [16, 63]],
    ['of the most heads untranslated', '2080/16/63 none', GiB, [15, 63]],
    ['that end at no head', '2080/16/63 lba', GiB, [0, 63]],
    ['that end at no sector', '2080/16/63 lba', GiB, [15, 0]],
    ['without length', '2080/16/63 lba', GiB, [254, 63, 0]],
    ['of which the second tells', '8192/8/32 none', GiB, [0, 63], [7, 32]],
    ['of which the first tells', '8192/8/32 none', GiB, [7, 32], [31, 63]],
    ['of more cylinders than there can be', '8192/8/32 none', GiB, [1, 1], [7, 32]],
    ['of one cylinder', '1/16/63 none', CYLINDER, [15, 63]],
    ['of none', '2/16/63 none', CYLINDER - 1, [15, 63]],
    ['of the most cylinders', '16383/16/63 none', 16384 * CYLINDER - 1, [15, 63]],
  ])('%s', (_, expected, total, ...partitions) => {
    expect(guess(total, ...partitions)).toBe(expected);
  });

  test('without a signature', () => {
    const sector = table([7, 32]);
    sector[511] = 0;
    expect(guessByPartitions(GiB, sector).geometry.heads).toBe(16);
  });

  test('the fourth is the last', () => {
    expect(guess(GiB, [0, 1], [0, 1], [0, 1], [7, 32])).toBe('8192/8/32 none');
  });
});

test.each([
  [[1, 1, 1], undefined],
  [[65535, 16, 255], undefined],
  [[65536, 16, 255], 'cyls must be between 1 and 65535'],
  [[65535, 17, 255], 'heads must be between 1 and 16'],
  [[65535, 16, 256], 'secs must be between 1 and 255'],
  [[0, 4, 3], 'cyls must be between 1 and 65535'],
  [[5, 0, 3], 'heads must be between 1 and 16'],
  [[5, 4, 0], 'secs must be between 1 and 255'],
] as const)('given: %j', ([cylinders, heads, sectors], refusal) => {
  const check = () => checkGeometry({ cylinders, heads, sectors }, 16);
  if (refusal === undefined) check();
  else expect(check).toThrow(refusal);
});
