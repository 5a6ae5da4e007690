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
];
