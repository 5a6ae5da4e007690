/**
 * Which of several faulty members is named: an endpoint that keeps members in hash tables finds them in the table's
 * order, not in the text's. Both orders here were measured on live endpoints by sending sets of unknown members; the
 * second is exact for objects of up to seven members, beyond that what grows moves about.
 */

/** Members of a received object: 512 buckets of a hash known from trivial databases, a newer key before an older. */
export function inDictOrder(keys: readonly string[]): string[] {
  if (keys.length < 2) return [...keys];
  return keys
    .map((key, index) => ({ key, index, bucket: bucketOf(key) }))
    .toSorted((a, b) => a.bucket - b.bucket || b.index - a.index)
    .map(({ key }) => key);
}

function bucketOf(key: string): number {
  const bytes = Buffer.from(key);
  let hash = Math.imul(0x238f13af, bytes.length);
  bytes.forEach((byte, i) => {
    hash = (hash + (byte << ((i * 5) % 24))) | 0;
  });
  return (Math.imul(1103515243, hash) + 12345) & 0x1ff;
}

/** Sizes of the table by its number of slots: the prime that a hash is reduced by. */
const TABLE_SIZES: readonly (readonly [slots: number, prime: number])[] = [
  [8, 7],
  [16, 13],
  [32, 31],
  [64, 61],
  [128, 127],
  [256, 251],
  [512, 509],
  [1024, 1021],
  [2048, 2039],
  [4096, 4093],
];

/** Of `left`, a subset of the members `keys` of one object, the one that a check for left-over members meets first. */
export function firstLeftOver(keys: readonly string[], left: ReadonlySet<string>): string {
  const [slots, prime] =
    TABLE_SIZES.find(([size]) => keys.length + (keys.length >> 4) < size) ?? TABLE_SIZES.at(-1)!;
  const table: (string | undefined)[] = Array.from({ length: slots });
  for (const key of inDictOrder(keys.slice(0, prime))) {
    let slot = (Math.imul(stringHash(key), 11) >>> 0) % prime;
    for (let step = 1; table[slot] !== undefined; step += 1) slot = (slot + step) & (slots - 1);
    table[slot] = key;
  }
  return table.find((key) => key !== undefined && left.has(key)) ?? [...left][0]!;
}

function stringHash(key: string): number {
  let hash = 5381;
  for (const byte of Buffer.from(key)) hash = (Math.imul(hash, 33) + ((byte << 24) >> 24)) | 0;
  return hash;
}
