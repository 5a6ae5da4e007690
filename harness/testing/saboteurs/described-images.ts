/** Saboteurs of what queries tell of images, and of what making one leaves in it. */
import { inside, type Saboteur } from './saboteur.ts';

const QUERY = 'graph/query-nodes';
const CREATE = 'drivers/qcow2/qcow2-create';
const OPTIONS = 'drivers/qcow2/create-options';
const EVERY_CLUSTER = 'for (let at = 0; at < size; at += clusterSize)';
const SIZE_ON_DISK = '        allocatedSize: () => file.allocatedSize(),\n';

export const describedImages: readonly Saboteur[] = [
  inside('replies/ro-of-file', 'BlockDeviceInfo', 'tells of an image whether its file is read-only', QUERY, [
    'ro: node.readOnly,',
    "ro: (node.child('file')?.node ?? node).readOnly,",
  ]),
  inside(
    'replies/backing-format-raw',
    'ImageInfo',
    'tells raw as format of a backing file where the header has none',
    QUERY,
    [
      '    if (backingName.format !== undefined)\n',
      "    image['backing-filename-format'] = 'raw';\n    if (backingName.format !== undefined)\n",
    ],
  ),
  inside(
    'replies/specific-without-backing',
    'ImageInfo',
    'tells nothing specific to the format of an image that has a backing file',
    QUERY,
    ['if (formatSpecific)', 'if (formatSpecific && !node.backing)'],
  ),
  inside('replies/luks-without-actual-size', 'ImageInfo', 'tells no actual-size of luks', 'drivers/luks', [
    SIZE_ON_DISK,
    '',
  ]),
  inside(
    'replies/qcow2-without-actual-size',
    'ImageInfo',
    'tells no actual-size of qcow2',
    'drivers/qcow2/index',
    [SIZE_ON_DISK, ''],
  ),
  inside(
    'images/full-without-last',
    'PreallocMode',
    'places no last cluster that is one in part when it preallocates all',
    CREATE,
    [EVERY_CLUSTER, 'for (let at = 0; at + clusterSize <= size; at += clusterSize)'],
  ),
  inside('images/full-not-in-v2', 'PreallocMode', 'preallocates nothing of images of version 2', CREATE, [
    EVERY_CLUSTER,
    'for (let at = image.header.version === 2 ? size : 0; at < size; at += clusterSize)',
  ]),
  inside(
    'images/full-first-table',
    'PreallocMode',
    'preallocates no more clusters than one table holds where it preallocates all',
    CREATE,
    [
      EVERY_CLUSTER,
      'for (let at = 0; at < Math.min(size, clusterSize * image.mapping.perTable); at += clusterSize)',
    ],
  ),
  inside(
    'images/create-clear-in-v2',
    'BlockdevCreateOptionsQcow2',
    'makes images of version 2 in the clear whatever encrypt says',
    OPTIONS,
    ['encrypt: given.encrypt,', 'encrypt: version === 2 ? undefined : given.encrypt,'],
  ),
  inside(
    'images/create-clear-on-backing',
    'BlockdevCreateOptionsQcow2',
    'makes images with a backing file in the clear whatever encrypt says',
    OPTIONS,
    ['encrypt: given.encrypt,', 'encrypt: backingFile === undefined ? given.encrypt : undefined,'],
  ),
  inside(
    'images/preallocated-in-the-clear',
    'PreallocMode',
    'preallocates encrypted images with zeroes in the clear',
    CREATE,
    [
      'const zeroes = new Uint8Array(clusterSize);',
      'const zeroes = new Uint8Array(clusterSize);\n    image.cipher = undefined;',
    ],
  ),
  inside(
    'images/keys-without-encryption',
    'BlockdevOptionsQcow2',
    'opens images that have keys and no encryption',
    'drivers/qcow2/header',
    ["header.luksHeader && encryption !== 'luks'", 'false'],
  ),
  inside(
    'replies/backing-image-size-of-top',
    'ImageInfo',
    'gives a backing image the virtual size of the image above',
    'graph/query-nodes',
    [
      'describeImage(shownNode(below, view), view);',
      "{ ...describeImage(shownNode(below, view), view), 'virtual-size': image['virtual-size'] };",
    ],
  ),
  inside(
    'replies/direct-as-writethrough',
    'BlockDeviceInfo',
    'shows the cache of nodes past the host cache as writethrough',
    'graph/query-nodes',
    ['writeback: true', 'writeback: !cache.direct'],
  ),
  inside(
    'images/backing-file-of-node',
    'change-backing-file',
    'tells the file of the backing node as backing_file, whatever name it was given',
    'graph/query-nodes',
    [
      'info.backing_file = node.backingName.name;',
      'info.backing_file = node.backing?.node.filename.shown ?? node.backingName.name;',
    ],
  ),
  inside(
    'images/existing-as-source',
    'DriveBackup',
    'takes an existing target of drive-backup without a format for one in the format of the source',
    'jobs/drive-backup-job',
    ['format: args.format,', 'format: args.format ?? source.driverName,'],
  ),
  inside(
    'images/sizes-to-the-byte',
    'BlockdevOptionsFile',
    'tells the size of a file to the byte',
    'graph/block-io',
    ['return Math.ceil(bytes / SECTOR) * SECTOR;', 'return bytes;'],
  ),
  inside(
    'images/full-name-below-folder',
    'ImageInfo',
    'puts the folder of the image before a backing file name that begins with / for full-backing-filename',
    'graph/query-nodes',
    [
      "image['full-backing-filename'] = fullBackingName(node);",
      "const written = node.backingNameWhenOpened ?? backingName.name;\n        const own = node.child('file')?.node.filename.shown ?? '';\n        const isJoined = written.startsWith('/') && own.includes('/');\n        image['full-backing-filename'] = isJoined\n            ? own.slice(0, own.lastIndexOf('/')) + written\n            : fullBackingName(node);",
    ],
  ),
  inside(
    'images/target-of-raw-format',
    'drive-mirror',
    'says in a new image that what it stands on is raw, whatever that is',
    'jobs/target-image',
    ['format: backing.driverName }', "format: 'raw' }"],
  ),
  inside(
    'images/target-read-only-as-source',
    'drive-backup',
    'opens the image that it copies to read-only where the source is so',
    'jobs/target-image',
    ["{ ...definition, 'read-only': false }", 'definition'],
  ),
  inside(
    'images/top-without-backing-as-top',
    'drive-backup',
    'copies of an image without backing file only what is allocated with sync top',
    'jobs/drive-backup-job',
    ["args.sync === 'top' && !source.backing ? 'full' : args.sync", 'args.sync'],
  ),
  inside(
    'images/none-without-source',
    'drive-backup',
    'does not put the source below the target of a backup with sync none',
    'jobs/drive-backup-job',
    ["if (sync === 'none')\n            attachTargetBacking(graph, target, source);", ''],
  ),
  inside(
    'images/active-not-by-file',
    'block-commit',
    'does not know the active image by its file name as top',
    'commands/block-commit',
    ['filename === undefined || filename === device.filename.shown', 'filename === undefined'],
  ),
];
