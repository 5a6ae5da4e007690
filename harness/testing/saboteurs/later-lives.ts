/** Values that are given though they are the default, and bitmaps and images later in their lives. */
import { inside, type Saboteur } from './saboteur.ts';

export const laterLives: readonly Saboteur[] = [
  inside(
    'transactions/oldest-bitmap-goes',
    'transaction',
    'takes the oldest bitmap of the node away when a transaction fails that was to add one',
    'transactions/bitmap-actions',
    ['node.bitmaps.remove(bitmap);', 'node.bitmaps.remove(node.bitmaps.all.at(-1));'],
  ),
  inside(
    'transactions/stored-bitmap-cleared',
    'transaction',
    'leaves persistent bitmaps cleared when the transaction fails',
    'transactions/bitmap-actions',
    [
      'return { abort: () => Promise.resolve(undo()) };',
      'return { abort: () => Promise.resolve(bitmap.persistent ? undefined : undo()) };',
    ],
  ),
  inside(
    'bitmaps/part-of-granule-untracked',
    'block_resize',
    'does not track the part of a granule at the end of a disk that was resized',
    'graph/dirty-bitmap',
    [
      'this.#successor?.resize(length);\n        this.#blocks = Math.ceil(length / this.granularity);',
      'this.#successor?.resize(length);\n        this.#blocks = Math.floor(length / this.granularity);',
    ],
  ),
  inside(
    'bitmaps/name-of-disabled-free',
    'BlockDirtyBitmapAdd',
    'takes the name of a disabled bitmap again',
    'graph/add-bitmap',
    ['if (node.bitmaps.find(name))', 'if (node.bitmaps.find(name)?.recording)'],
  ),
  inside(
    'replies/cache-in-part',
    'BlockdevCacheOptions',
    'gives a child that says a part of its cache mode the default of the rest',
    'graph/common-options',
    [
      "given?.['no-flush'] ?? parent?.noFlush ?? false",
      "given === undefined ? (parent?.noFlush ?? false) : (given['no-flush'] ?? false)",
    ],
  ),
  inside(
    'graph/read-only-false-ignored',
    'BlockdevOptions',
    'ignores read-only false of a child or backing image',
    'graph/common-options',
    ["given['read-only'] ?? (isBacking", "given['read-only'] || (isBacking"],
  ),
  inside(
    'graph/discard-ignore-ignored',
    'BlockdevDiscardOptions',
    'takes discard ignore of a child for the default',
    'graph/common-options',
    ['given.discard ?? (', "(given.discard === 'ignore' ? undefined : given.discard) ?? ("],
  ),
  inside(
    'graph/cache-of-grandchildren',
    'BlockdevOptions',
    'gives the cache mode of a node to its children and not to theirs',
    'graph/common-options',
    [
      'cache: cacheOf(given.cache, parent?.cache),',
      'grown: parent !== undefined,\n        cache: cacheOf(given.cache, parent?.grown ? undefined : parent?.cache),',
    ],
  ),
  inside(
    'replies/snapshots-of-top',
    'ImageInfo',
    'does not tell the internal snapshots of an image that is a backing image',
    'graph/query-nodes',
    [
      'if (snapshots.length > 0)',
      "if (snapshots.length > 0 && !node.parents.some(({ role }) => role === 'backing'))",
    ],
  ),
  inside(
    'replies/actual-size-stale',
    'ImageInfo',
    'tells the actual size as it was when it was first asked for',
    'graph/query-nodes',
    [
      "image['actual-size'] = exact(allocated);",
      "image['actual-size'] = node.firstAllocated ??= exact(allocated);",
    ],
  ),
  inside(
    'bitmaps/cleared-not-stored',
    'block-dirty-bitmap-clear',
    'stores no bitmap that marks nothing',
    'graph/persistent-bitmaps',
    [
      'await node.state.bitmaps?.store(kept.map(toStored));',
      'await node.state.bitmaps?.store(kept.filter((bitmap) => bitmap.count() > 0).map(toStored));',
    ],
  ),
  inside(
    'images/snapshots-in-one-cluster',
    'blockdev-snapshot-internal-sync',
    'allocates one cluster for a table of snapshots that takes several',
    'drivers/qcow2/qcow2-snapshots',
    [
      'offset = await refcounts.allocate(Math.ceil(table.length / this.#image.clusterSize));',
      'offset = await refcounts.allocate(1);',
    ],
  ),
  inside(
    'images/snapshot-l1-in-one-cluster',
    'blockdev-snapshot-internal-sync',
    'allocates one cluster for the L1 table of a snapshot that takes several',
    'drivers/qcow2/qcow2-snapshots',
    ['refcounts.allocate(Math.ceil(bytes / image.clusterSize))', 'refcounts.allocate(1)'],
  ),
  inside(
    'images/deleted-snapshot-of-present',
    'blockdev-snapshot-delete-internal-sync',
    'drops references of what the disk holds now when one of several snapshots is deleted',
    'drivers/qcow2/qcow2-snapshots',
    [
      'const dropped = await changeCounts(image, l1, -1);',
      'const dropped = await changeCounts(image, this.#entries.length > 0 ? image.mapping.l1 : l1, -1);',
    ],
  ),
  inside(
    'images/directory-in-one-cluster',
    'BlockDirtyBitmapAdd',
    'allocates one cluster for a directory of bitmaps that takes several',
    'drivers/qcow2/qcow2-bitmaps',
    ['refcounts.allocate(Math.ceil(bytes.length / clusterSize))', 'refcounts.allocate(1)'],
  ),
  inside(
    'images/bitmap-table-in-one-cluster',
    'BlockDirtyBitmapAdd',
    'allocates one cluster for the table of a bitmap that takes several',
    'drivers/qcow2/qcow2-bitmaps',
    ['refcounts.allocate(Math.ceil((tableSize * 8) / clusterSize))', 'refcounts.allocate(1)'],
  ),
  inside(
    'replies/cluster-size-capped',
    'ImageInfo',
    'tells 64 KiB as the cluster size of images with larger clusters',
    'graph/query-nodes',
    [
      "image['cluster-size'] = info.clusterSize;",
      "image['cluster-size'] = Math.min(65536, info.clusterSize);",
    ],
  ),
  inside(
    'graph/name-of-empty-drive',
    'blockdev-add',
    'takes the name of a drive without a medium for a node',
    'graph/node-graph',
    [
      'name !== undefined && this.devices.medium(name) !== null',
      'name !== undefined && this.devices.medium(name)',
    ],
  ),
];
