/** Saboteurs of what images hold beside data: tables, snapshots, bitmaps, keys. */
import { inside, type Saboteur } from './saboteur.ts';

const SNAPSHOTS = 'drivers/qcow2/qcow2-snapshots';
const VOLUME = 'crypto/luks-volume';

export const imageTables: readonly Saboteur[] = [
  inside(
    'images/snapshot-id-again',
    'SnapshotInfo',
    'gives a new internal snapshot the id of another where one was deleted',
    SNAPSHOTS,
    ['id: String(Math.max(0, ...ids) + 1),', 'id: String(ids.length + 1),'],
  ),
  inside(
    'images/failed-snapshot-leaks',
    'blockdev-snapshot-internal-sync',
    'leaks the table of an internal snapshot that it could not take',
    SNAPSHOTS,
    ['await refcounts.free(l1Offset, bytes);\n                throw error;', 'throw error;'],
  ),
  inside(
    'images/compressed-frees-whole',
    'BlockdevOptionsQcow2',
    'gives a whole cluster back where a compressed one is overwritten',
    'drivers/qcow2/image',
    ['compressedBytes ?? this.clusterSize', 'this.clusterSize'],
  ),
  inside(
    'images/cut-tables-given-back',
    'BlockdevOptionsQcow2',
    'gives the space of tables that a smaller disk lacks back as that of a discard',
    'drivers/qcow2/resize',
    ["giveBack(tables, 'other')", "giveBack(tables, 'request')"],
  ),
  inside(
    'images/bitmap-given-back',
    'BlockdevOptionsQcow2',
    'gives the space of a removed bitmap back as that of a snapshot',
    'drivers/qcow2/qcow2-bitmaps',
    ["giveBack(parts, 'other')", "giveBack(parts, 'snapshot')"],
  ),
  inside(
    'images/clock-signed',
    'SnapshotInfo',
    'takes the clock in a snapshot table for a signed number',
    SNAPSHOTS,
    ['vmClock: view.getBigUint64(24)', 'vmClock: view.getBigInt64(24)'],
  ),
  inside(
    'images/unknown-feature-lazy',
    'ImageInfoSpecificQCow2',
    'tells an image with a compatible feature that it does not know as one with lazy refcounts',
    'drivers/qcow2/header',
    ['(header.compatible & BigInt(Compatible.lazyRefcounts)) !== 0n', 'header.compatible !== 0n'],
  ),
  inside(
    'images/lazy-as-opened',
    'ImageInfoSpecificQCow2',
    'tells the option lazy-refcounts and not the feature of the image',
    'drivers/qcow2/index',
    [
      'details({ header, corruption }, encryption) {',
      'details({ header: own, corruption, lazyRefcounts }, encryption) {\n    const header = { ...own, compatible: lazyRefcounts ? 1n : 0n };',
    ],
  ),
  inside(
    'images/grown-table-leaks',
    'block_resize',
    'leaks the old L1 table of an image that grows',
    'drivers/qcow2/resize',
    ['await image.freeReplaced(old.offset, old.bytes);', ';'],
  ),
  inside(
    'images/bitmaps-in-use-once',
    'BlockDirtyBitmapAdd',
    'does not mark stored bitmaps as in use when an image becomes writable after it was opened',
    'drivers/qcow2/index',
    ['if (!nowReadOnly)\n                await bitmaps.markInUse();', ';'],
  ),
  inside(
    'encryption/resize-with-header',
    'block_resize',
    'counts the header into the new size of a luks volume',
    'drivers/luks',
    [
      'truncate: (length) => file.truncate(length + payloadOffset)',
      'truncate: (length) => file.truncate(length)',
    ],
  ),
  inside(
    'replies/luks-offset-in-sectors',
    'QCryptoBlockInfoLUKS',
    'tells the payload-offset of a volume in sectors',
    VOLUME,
    ["'payload-offset': header.payloadOffset,", "'payload-offset': header.payloadOffset / SECTOR,"],
  ),
  inside(
    'images/repair-forgets-snapshots',
    'BlockdevOptionsQcow2',
    'counts clusters that only internal snapshots hold as free when it repairs an image',
    'drivers/qcow2/qcow2-check',
    [
      'for await (const { snapshot, l1 } of snapshots.l1Tables()) {',
      'for await (const { snapshot, l1 } of snapshots.l1Tables()) {\n        if (l1)\n            continue;',
    ],
  ),
  inside(
    'images/last-feature-nameless',
    'BlockdevOptionsQcow2',
    'does not read the last name in the table of features of a header',
    'drivers/qcow2/header',
    ['entry + 48 <= length;', 'entry + 48 < length;'],
  ),
  inside(
    'images/counts-one-too-many',
    'BlockdevOptionsQcow2',
    'counts one more reference than the width of the reference counts holds',
    'drivers/qcow2/refcounts',
    ['value >= this.#tooMany', 'value > this.#tooMany'],
  ),
  inside(
    'images/slices-by-cluster',
    'BlockdevOptionsQcow2',
    'caches as many parts of L2 tables as clusters fit into l2-cache-size, however small the parts are',
    'drivers/qcow2/image',
    ['Math.floor(l2CacheSize / sliceSize)', 'Math.floor(l2CacheSize / this.clusterSize)'],
  ),
  inside(
    'images/format-lost-in-version-2',
    'BlockdevCreateOptionsQcow2',
    'leaves the format of the backing file out of headers of version 2',
    'drivers/qcow2/create-options',
    ['format: backingFormat }', 'format: version === 2 ? undefined : backingFormat }'],
  ),
  inside(
    'images/committed-base-keeps-size',
    'block-commit',
    'refuses a smaller size of a base that was larger than the active layer that was committed into it',
    'jobs/mirror-job',
    [
      'this.#pivot();',
      "{\n            this.#pivot();\n            const { state } = target;\n            const { truncate } = state;\n            const end = target.io.length();\n            if (this.type === 'commit' && truncate && end > source.io.length())\n                state.truncate = async (length) => {\n                    if (length < end)\n                        throw new CommandError('Image is too small for what was committed');\n                    await truncate.call(state, length);\n                };\n        }",
    ],
  ),
  inside(
    'images/longer-table-counted-twice',
    'BlockdevCreateOptionsQcow2',
    'counts the clusters of a longer refcount table twice',
    'drivers/qcow2/refcounts',
    ['await this.change(counted, 1, 1);', 'await this.change(counted, 1, 2);'],
  ),
  inside(
    'images/files-preallocated',
    'BlockdevCreateOptionsFile',
    'preallocates files where preallocation is not given',
    'drivers/file',
    ["const { preallocation = 'off' } = options;", "const { preallocation = 'falloc' } = options;"],
  ),
  inside(
    'images/metadata-as-full',
    'PreallocMode',
    'preallocates the data, too, with preallocation metadata',
    'drivers/qcow2/qcow2-create',
    ["if (options.preallocation === 'metadata')", "if (options.preallocation === 'metadata-only')"],
  ),
  inside(
    'drivers/backup-into-existing-by-default',
    'drive-backup',
    'takes existing for the mode of drive-backup where none is given',
    'jobs/drive-backup-job',
    ['mode: args.mode,', "mode: args.mode ?? 'existing',"],
  ),
];
