/** Saboteurs of persistent bitmaps, while their image is open and in it. */
import { inside, type Saboteur } from './saboteur.ts';

export const storedBitmaps: readonly Saboteur[] = [
  inside(
    'bitmaps/lost-below-overlay',
    'BlockDirtyBitmapAdd',
    'does not store persistent bitmaps when their image becomes read-only',
    'graph/node',
    ['await this.#store();', 'await this.io.flush().catch(() => undefined);'],
  ),
  inside(
    'bitmaps/read-only-for-good',
    'block-dirty-bitmap-clear',
    'refuses to clear stored bitmaps of an image that is writable again',
    'graph/node',
    [
      'bitmap.readOnly = bitmap.persistent && readOnly;',
      'bitmap.readOnly ||= bitmap.persistent && readOnly;',
    ],
  ),
  inside(
    'bitmaps/first-stored',
    'BlockDirtyBitmapAdd',
    'stores only one of several persistent bitmaps of an image',
    'drivers/qcow2/qcow2-bitmaps',
    ['for (const bitmap of bitmaps)', 'for (const bitmap of bitmaps.slice(0, 1))'],
  ),
  inside(
    'bitmaps/removed-leaks',
    'block-dirty-bitmap-remove',
    'leaks the clusters of a stored bitmap that is removed',
    'drivers/qcow2/qcow2-bitmaps',
    ['await this.#free(found);', ';'],
  ),
  inside(
    'bitmaps/unpersisted-by-backup',
    'BlockDirtyBitmapAdd',
    'forgets that a bitmap is persistent when an incremental backup with it has succeeded',
    'graph/dirty-bitmap',
    [
      'this.#pages = this.#successor.#pages;',
      'this.#pages = this.#successor.#pages;\n        this.persistent = false;',
    ],
  ),
  inside(
    'bitmaps/in-use-cleaned',
    'BlockDirtyBitmapAdd',
    'takes the mark off bitmaps in use when it stores others',
    'drivers/qcow2/qcow2-bitmaps',
    [
      '[...kept, ...written]',
      '[...kept.map((entry) => ({ ...entry, flags: entry.flags & ~BitmapFlag.inUse })), ...written]',
    ],
  ),
  inside(
    'bitmaps/granularity-stored-small',
    'BlockDirtyBitmapAdd',
    'stores no granularity beyond 64 KiB',
    'drivers/qcow2/qcow2-bitmaps',
    ['granularityBits: Math.log2(granularity) }', 'granularityBits: Math.min(16, Math.log2(granularity)) }'],
  ),
  inside(
    'bitmaps/disabled-stays-stored',
    'block-dirty-bitmap-remove',
    'keeps a removed bitmap in the image if it was disabled',
    'graph/persistent-bitmaps',
    ['    if (bitmap.persistent)\n', '    if (bitmap.persistent && bitmap.recording)\n'],
  ),
  inside(
    'bitmaps/default-granularity-of-last',
    'BlockDirtyBitmapAdd',
    'gives a bitmap without granularity that of the bitmap added before',
    'graph/add-bitmap',
    [
      'args.granularity ?? defaultGranularity(node)',
      'args.granularity ?? node.bitmaps.all.at(-1)?.granularity ?? defaultGranularity(node)',
    ],
  ),
  inside(
    'bitmaps/default-granularity-of-stored',
    'BlockDirtyBitmapAdd',
    'gives a persistent bitmap without granularity 64 KiB, whatever the size of a cluster',
    'graph/add-bitmap',
    [
      'args.granularity ?? defaultGranularity(node)',
      'args.granularity ?? (persistent ? DEFAULT_MOST : defaultGranularity(node))',
    ],
  ),
  inside(
    'bitmaps/refused-name-clears',
    'block-dirty-bitmap-add',
    'clears the bitmap whose name it refuses',
    'graph/add-bitmap',
    ['if (node.bitmaps.find(name))', 'node.bitmaps.find(name)?.clear();\n    if (node.bitmaps.find(name))'],
  ),
  inside(
    'bitmaps/refused-name-stores',
    'block-dirty-bitmap-add',
    'makes a bitmap persistent when it refuses a persistent one of its name',
    'graph/add-bitmap',
    [
      'if (node.bitmaps.find(name))',
      'if (node.bitmaps.find(name) && persistent)\n        node.bitmaps.find(name).persistent = true;\n    if (node.bitmaps.find(name))',
    ],
  ),
  inside(
    'bitmaps/name-free-for-other-kind',
    'block-dirty-bitmap-add',
    'takes the name of a bitmap that is persistent for one that is not, and the other way round',
    'graph/add-bitmap',
    ['if (node.bitmaps.find(name))', 'if (node.bitmaps.find(name)?.persistent === persistent)'],
  ),
  inside(
    'stored-bitmaps/disabled-not-in-use',
    'block-dirty-bitmap-add',
    'marks only those stored bitmaps as in use that record',
    'drivers/qcow2/qcow2-bitmaps',
    [
      'flags: entry.flags | BitmapFlag.inUse',
      'flags: this.#trusted.has(entry.name) && entry.flags & BitmapFlag.auto ? entry.flags | BitmapFlag.inUse : entry.flags',
    ],
  ),
  inside(
    'bitmaps/refused-clear-clears',
    'DirtyBitmapStatus',
    'clears a frozen bitmap and then refuses to',
    'commands/block-dirty-bitmap-clear',
    [
      "bitmap.assertChangeable('modified')",
      "if (bitmap.frozen)\n        bitmap.clear();\n    bitmap.assertChangeable('modified')",
    ],
  ),
  inside(
    'bitmaps/table-over-metadata',
    'BLOCK_IMAGE_CORRUPTED',
    'writes the table of a bitmap over metadata that nobody counts',
    'drivers/qcow2/qcow2-bitmaps',
    ['await corruption.checkWrite(tableOffset, tableSize * 8);', ''],
  ),
  inside(
    'bitmaps/in-use-trusted-to-read',
    'BlockDirtyBitmapAdd',
    'loads stored bitmaps that are marked as in use where the image is opened read-only',
    'drivers/qcow2/qcow2-bitmaps',
    ['!this.#trusted.has(entry.name) ||', '(this.#image.writable && !this.#trusted.has(entry.name)) ||'],
  ),
  inside(
    'bitmaps/granularity-without-clusters',
    'BlockDirtyBitmapAdd',
    'takes 4 KiB for the default granularity on nodes without clusters',
    'graph/add-bitmap',
    ['?.clusterSize || DEFAULT_MOST;', '?.clusterSize || DEFAULT_LEAST;'],
  ),
  inside(
    'bitmaps/digest-highest-bit-first',
    'BlockDirtyBitmapSha256',
    'hashes the bit of the first granule of each byte as the highest',
    'graph/dirty-bitmap',
    [
      'hash.update((this.#pages.get(index) ?? empty).subarray(0, Math.min(PAGE, size - index * PAGE)));',
      'const bits = (this.#pages.get(index) ?? empty).subarray(0, Math.min(PAGE, size - index * PAGE));\n            hash.update(bits.map((byte) => {\n                let turned = 0;\n                for (let bit = 0; bit < 8; bit += 1)\n                    if (byte & (1 << bit))\n                        turned |= 0x80 >> bit;\n                return turned;\n            }));',
    ],
  ),
  inside(
    'bitmaps/granularity-signed',
    'BlockDirtyBitmapAdd',
    'takes granularities as signed numbers of 32 bits, and so refuses 2 GiB',
    'graph/add-bitmap',
    ['if (granularity < SMALLEST ||', 'if ((granularity | 0) < SMALLEST ||'],
  ),
  inside(
    'bitmaps/digest-of-no-node',
    'x-debug-block-dirty-bitmap-sha256',
    'gives the digest of nothing for a bitmap of a node that does not exist',
    'commands/x-debug-block-dirty-bitmap-sha256',
    [
      '    const { bitmap } =',
      "    if (!(block.graph.devices.medium(args.node) ?? block.graph.find(args.node)))\n        return { sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' };\n    const { bitmap } =",
    ],
  ),
  inside(
    'bitmaps/digest-of-big-endian-words',
    'BlockDirtyBitmapSha256',
    'hashes words of bitmaps with their highest byte first',
    'graph/dirty-bitmap',
    [
      'hash.update((this.#pages.get(index) ?? empty).subarray(0, Math.min(PAGE, size - index * PAGE)));',
      'hash.update(Buffer.from((this.#pages.get(index) ?? empty).subarray(0, Math.min(PAGE, size - index * PAGE))).swap64());',
    ],
  ),
];
