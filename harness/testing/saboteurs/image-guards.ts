/** Saboteurs of what guards and caches the metadata of images, and of what is told when it does. */
import { inside, type Saboteur } from './saboteur.ts';

const OVERLAPS = 'drivers/qcow2/overlaps';
const OPTIONS = 'drivers/qcow2/qcow2-options';

export const imageGuards: readonly Saboteur[] = [
  inside(
    'image-guards/reopened-lazy',
    'BlockdevOptionsQcow2',
    'leaves lazy-refcounts of an open image as they were',
    'drivers/qcow2/image',
    ['this.#lazyRefcounts = lazyRefcounts;', ';'],
  ),
  inside(
    'image-guards/reopened-discards',
    'BlockdevOptionsQcow2',
    'passes discards of an open image on as it did',
    'drivers/qcow2/image',
    ['this.#passDiscard = passDiscard;', ';'],
  ),
  inside(
    'image-guards/reopened-overlaps',
    'Qcow2OverlapChecks',
    'keeps flags beside a template that replaces another',
    'drivers/qcow2/changed-options',
    ['if (flags.template !== undefined)', 'if (false)'],
  ),
  inside(
    'images/fatal-after-read-only-untold',
    'BLOCK_IMAGE_CORRUPTED',
    'does not tell fatal corruption of an image whose corruption it has told as not fatal',
    'drivers/qcow2/qcow2-corruption',
    ['!this.#reported || (fatal && !this.#dead)', '!this.#reported'],
  ),
  inside(
    'images/l1-guarded-in-part',
    'Qcow2OverlapCheckFlags',
    'guards only the first 512 bytes of the L1 table',
    OVERLAPS,
    ['image.header.l1Offset, image.header.l1Size * 8)', 'image.header.l1Offset, 512)'],
  ),
  inside(
    'images/refcount-table-guarded-in-part',
    'Qcow2OverlapCheckFlags',
    'guards only the first cluster of the refcount table',
    OVERLAPS,
    ['refcountTableClusters * image.clusterSize)', 'image.clusterSize)'],
  ),
  inside(
    'images/first-snapshot-guarded',
    'Qcow2OverlapCheckFlags',
    'guards the L1 table of the first internal snapshot and of no other',
    OVERLAPS,
    ['image.snapshots.entries.some(', 'image.snapshots.entries.slice(0, 1).some('],
  ),
  inside(
    'images/first-cluster-checked',
    'Qcow2OverlapCheckFlags',
    'checks only the first cluster of a write against clusters of tables',
    OVERLAPS,
    ['at < offset + length;', 'at <= offset;'],
  ),
  inside(
    'images/template-ignored',
    'Qcow2OverlapCheckFlags',
    'takes cached for the template whatever template says',
    OPTIONS,
    ["templates[flags.template ?? 'cached']", "templates[typeof given === 'string' ? given : 'cached']"],
  ),
  inside(
    'images/constant-without-snapshots',
    'Qcow2OverlapCheckMode',
    'does not guard the table of snapshots with overlap-check constant',
    OPTIONS,
    ["'refcount-table', 'snapshot-table'];", "'refcount-table'];"],
  ),
  inside(
    'images/cached-without-snapshots',
    'Qcow2OverlapCheckMode',
    'does not guard the L1 tables of snapshots with overlap-check cached',
    OPTIONS,
    ["'refcount-block', 'inactive-l1'];", "'refcount-block'];"],
  ),
  inside(
    'images/cached-without-counts',
    'Qcow2OverlapCheckMode',
    'does not guard refcount blocks with overlap-check cached',
    OPTIONS,
    ["'refcount-block', 'inactive-l1'];", "'inactive-l1'];"],
  ),
  inside(
    'images/l2-cache-below-sum',
    'BlockdevOptionsQcow2',
    'refuses an l2-cache-size as large as cache-size',
    OPTIONS,
    ['l2 > both', 'l2 >= both'],
  ),
  inside(
    'images/refcount-cache-below-sum',
    'BlockdevOptionsQcow2',
    'refuses a refcount-cache-size as large as cache-size',
    OPTIONS,
    ['refcount > both', 'refcount >= both'],
  ),
  inside(
    'images/refcounts-of-64-refused',
    'BlockdevCreateOptionsQcow2',
    'refuses reference counts of 64 bits',
    'drivers/qcow2/create-options',
    ['refcountOrder > 6)', 'refcountOrder > 5)'],
  ),
  inside(
    'images/compressed-in-new',
    'DriveBackup',
    'compresses what drive-backup stores in a new image where compress is not given',
    'jobs/drive-backup-job',
    [
      '{ ...args, sync }',
      "{ compress: txn === undefined && args.mode !== 'existing' && target.state.writeCompressed !== undefined, ...args, sync }",
    ],
  ),
  inside(
    'images/pass-discard-other-as-request',
    'BlockdevOptionsQcow2',
    'takes what pass-discard-request says for pass-discard-other where only that is given',
    'drivers/qcow2/qcow2-options',
    [
      "options['pass-discard-other'] ?? false",
      "options['pass-discard-other'] ?? options['pass-discard-request'] ?? false",
    ],
  ),
  inside(
    'images/features-in-32-bits',
    'BlockdevOptionsQcow2',
    'knows only the lower 32 bits of the incompatible features',
    'drivers/qcow2/header',
    ['incompatible & ~KNOWN_INCOMPATIBLE;', 'incompatible & 0xffffffffn & ~KNOWN_INCOMPATIBLE;'],
  ),
  inside(
    'images/flags-only-add',
    'Qcow2OverlapCheckFlags',
    'guards what the template of overlap-check guards, be its flag false',
    'drivers/qcow2/qcow2-options',
    ['flags[section] ?? template.includes(section)', 'flags[section] || template.includes(section)'],
  ),
];
