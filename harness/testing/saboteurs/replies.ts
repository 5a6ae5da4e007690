/** Saboteurs of what queries tell: members that are missing, stale or wrong. */
import { isJsonObject, type Json, type JsonObject } from '../../../spec/json.ts';
import { between, inside, type Saboteur } from './saboteur.ts';

const NODES = 'graph/query-nodes';

/** An enum of a schema without the last of its values. */
function shortened(info: Json): Json {
  if (!isJsonObject(info) || info['meta-type'] !== 'enum' || !Array.isArray(info.values)) return info;
  return { ...info, values: info.values.slice(0, -1) };
}

export const replies: readonly Saboteur[] = [
  inside(
    'replies/encrypt-of-old-images',
    'ImageInfoSpecificQCow2',
    'tells an encryption of images of version 2 that have none',
    'drivers/qcow2/index',
    [
      'if (encryption)',
      "if (header.version === 2)\n        data.encrypt = { format: 'aes' };\n    if (encryption)",
    ],
  ),
  inside(
    'replies/commands-incomplete',
    'query-commands',
    'leaves a command out of query-commands',
    'commands/query-commands',
    ['map((name) => ({ name }))', "filter((name) => name !== 'block-stream').map((name) => ({ name }))"],
  ),
  inside(
    'replies/commands-too-many',
    'query-commands',
    'lists a command that it does not have',
    'commands/query-commands',
    ['[...schema.commands.keys()]', "[...schema.commands.keys(), 'block-latency-histogram-set']"],
  ),
  inside(
    'replies/events-incomplete',
    'query-events',
    'leaves an event out of query-events',
    'commands/query-events',
    ['map((name) => ({ name }))', "filter((name) => name !== 'BLOCK_JOB_READY').map((name) => ({ name }))"],
  ),
  inside(
    'replies/version-differs',
    'query-version',
    'tells another version than its greeting',
    'commands/query-version',
    [
      'export const queryVersion = () => VERSION;',
      'export const queryVersion = () => ({ ...VERSION, qemu: { ...VERSION.qemu, micro: 0 } });',
    ],
  ),
  inside(
    'replies/status-stale',
    'query-status',
    'says that the guest is stopped for ever',
    'devices/run-state',
    ["const running = this.#status === 'running';", 'const running = false;'],
  ),
  inside(
    'replies/nodes-without-children',
    'query-named-block-nodes',
    'lists only nodes that the user added',
    'commands/query-named-block-nodes',
    ['.filter((node) => !node.dead)', ".filter((node) => !node.dead && !node.name.startsWith('#'))"],
  ),
  inside(
    'replies/depth-counts-itself',
    'BlockDeviceInfo',
    'counts the image itself in backing_file_depth',
    NODES,
    ['backing_file_depth: chainOf(node).length,', 'backing_file_depth: chainOf(node).length + 1,'],
  ),
  inside(
    'replies/depth-stale',
    'BlockDeviceInfo',
    'tells backing_file_depth as 1 however long the chain is',
    NODES,
    ['backing_file_depth: chainOf(node).length,', 'backing_file_depth: Math.min(1, chainOf(node).length),'],
  ),
  inside('replies/ro-always-false', 'BlockDeviceInfo', 'shows every node as writable', NODES, [
    'ro: node.readOnly,',
    'ro: false,',
  ]),
  inside('replies/backing-file-missing', 'BlockDeviceInfo', 'does not tell backing_file', NODES, [
    'info.backing_file = node.backingName.name;',
    ';',
  ]),
  inside(
    'replies/detect-zeroes-off',
    'BlockDeviceInfo',
    'shows detect_zeroes as off whatever was asked for',
    NODES,
    ['detect_zeroes: detectZeroes,', "detect_zeroes: 'off',"],
  ),
  inside(
    'replies/cache-default',
    'BlockdevCacheInfo',
    'shows cache.direct as false whatever was asked for',
    NODES,
    ['direct: cache.direct,', 'direct: false,'],
  ),
  inside(
    'replies/no-flush-default',
    'BlockdevCacheInfo',
    'shows cache.no-flush as false whatever was asked for',
    NODES,
    ["'no-flush': cache.noFlush,", "'no-flush': false,"],
  ),
  inside('replies/threshold-not-shown', 'BlockDeviceInfo', 'shows write_threshold as 0', NODES, [
    'write_threshold: signed(node.io.writeThreshold),',
    'write_threshold: 0,',
  ]),
  inside('replies/encrypted-false', 'BlockDeviceInfo', 'shows encrypted images as not encrypted', NODES, [
    'encrypted: image.encrypted ?? false,',
    'encrypted: false,',
  ]),
  inside(
    'replies/drv-of-file',
    'BlockDeviceInfo',
    "shows the driver of a format's file instead of the format's",
    NODES,
    ['drv: node.driverName,', "drv: node.child('file')?.node.driverName ?? node.driverName,"],
  ),
  inside('replies/size-in-sectors', 'ImageInfo', 'gives the virtual size in sectors', NODES, [
    "'virtual-size': exact(node.io.length()),",
    "'virtual-size': exact(node.io.length() / 512),",
  ]),
  inside('replies/actual-size-virtual', 'ImageInfo', 'gives the virtual size as the actual size', NODES, [
    "image['actual-size'] = exact(allocated);",
    "image['actual-size'] = exact(node.io.length());",
  ]),
  inside('replies/cluster-size-missing', 'ImageInfo', 'leaves the cluster size of images out', NODES, [
    "image['cluster-size'] = info.clusterSize;",
    ';',
  ]),
  inside('replies/dirty-flag-missing', 'ImageInfo', 'says of dirty images that they are clean', NODES, [
    "image['dirty-flag'] = info.dirty;",
    "image['dirty-flag'] = false;",
  ]),
  inside('replies/backing-image-missing', 'ImageInfo', 'leaves the image of the backing file out', NODES, [
    "if (below)\n        image['backing-image'] =",
    "if (false)\n        image['backing-image'] =",
  ]),
  inside(
    'replies/full-backing-name-as-written',
    'ImageInfo',
    'gives the backing file name as written as the full one',
    NODES,
    [
      "image['full-backing-filename'] = fullBackingName(node);",
      "image['full-backing-filename'] = backingName.name;",
    ],
  ),
  inside(
    'replies/backing-format-missing',
    'ImageInfo',
    'does not tell the format of the backing file',
    NODES,
    ["image['backing-filename-format'] = backingName.format;", ';'],
  ),
  inside(
    'replies/format-specific-missing',
    'ImageInfo',
    'does not tell what is specific to the format',
    NODES,
    ["image['format-specific'] = formatSpecific;", ';'],
  ),
  inside(
    'replies/snapshots-missing',
    'ImageInfo',
    'does not list the internal snapshots of an image',
    NODES,
    ['image.snapshots = [...snapshots];', ';'],
  ),
  inside('replies/filters-shown', 'query-block', 'shows the filter of a job as what is in a drive', NODES, [
    'return view.ofDrive && node.implicit && node.backing ?',
    'return false ?',
  ]),
  inside(
    'replies/empty-drive-left-out',
    'query-block',
    'leaves drives without a medium out',
    'commands/query-block',
    [
      'block.backends.all.map(describeBackend)',
      'block.backends.all.filter(({ node }) => node).map(describeBackend)',
    ],
  ),
  inside(
    'replies/drive-bitmaps-missing',
    'query-block',
    'does not list the bitmaps of a drive',
    'backend/query-backends',
    ['if (bitmaps.length > 0)', 'if (false)'],
  ),
  inside(
    'replies/drive-writethrough',
    'BlockdevCacheInfo',
    'shows the cache of every drive as writethrough',
    'backend/query-backends',
    ['writeback: settings.writeback', 'writeback: false'],
  ),
  inside(
    'replies/lazy-refcounts-false',
    'ImageInfoSpecificQCow2',
    'tells lazy-refcounts as false',
    'drivers/qcow2/index',
    ["'lazy-refcounts': hasLazyRefcounts(header),", "'lazy-refcounts': false,"],
  ),
  inside(
    'replies/refcount-order',
    'ImageInfoSpecificQCow2',
    'tells the order of refcounts as their width',
    'drivers/qcow2/index',
    [
      "'lazy-refcounts': hasLazyRefcounts(header),\n            'refcount-bits': 2 ** header.refcountOrder,",
      "'lazy-refcounts': hasLazyRefcounts(header),\n            'refcount-bits': header.refcountOrder,",
    ],
  ),
  inside(
    'replies/corrupt-false',
    'ImageInfoSpecificQCow2',
    'says of images marked as corrupt that they are not',
    'drivers/qcow2/index',
    ['corrupt: corruption.marked,', 'corrupt: false,'],
  ),
  inside(
    'replies/compat-always-new',
    'ImageInfoSpecificQCow2',
    'tells version 2 images as compat 1.1',
    'drivers/qcow2/index',
    ["compat: '0.10'", "compat: '1.1'"],
  ),
  inside(
    'replies/generated-names-plain',
    'blockdev-add',
    'makes up names of nodes that do not begin with #',
    'graph/node-graph',
    ['`#block', '`block'],
  ),
  inside(
    'replies/no-bitmaps-as-empty-list',
    'BlockInfo',
    'lists the bitmaps of drives that have none',
    'backend/query-backends',
    ['if (bitmaps.length > 0)', 'if (true)'],
  ),
  inside(
    'replies/backing-image-one-level',
    'ImageInfo',
    'describes the nearest backing image and none below it',
    NODES,
    [
      "image['backing-image'] = describeImage(shownNode(below, view), view);",
      "{\n            image['backing-image'] = describeImage(shownNode(below, view), view);\n            delete image['backing-image']['backing-image'];\n        }",
    ],
  ),
  inside(
    'replies/schema-lacks-event',
    'query-qmp-schema',
    'leaves an event out of query-qmp-schema that query-events lists',
    'commands/query-qmp-schema',
    ['return introspection;', "return introspection.filter(({ name }) => name !== 'BLOCK_WRITE_THRESHOLD');"],
  ),
  inside(
    'replies/json-name-plain',
    'BlockDeviceInfo',
    'shows nodes with options of their own under the plain name of their file',
    'graph/node-filename',
    ["if (configured || driver.kind === 'filter')", "if (driver.kind === 'filter')"],
  ),
  inside(
    'replies/encrypt-info-missing',
    'ImageInfoSpecificQCow2',
    'does not tell how an encrypted image is encrypted',
    'drivers/qcow2/index',
    ['if (encryption)\n        data.encrypt = encryption;', ';'],
  ),
  inside(
    'replies/qdev-by-id-only',
    'BlockInfo',
    'tells no qdev of a guest device without an id',
    'backend/query-backends',
    ['...(device && { qdev: device.name }),', '...(device?.id !== undefined && { qdev: device.id }),'],
  ),
  between(
    'wire/schema-enums-short',
    'query-qmp-schema',
    'leaves the last value of each enum out of query-qmp-schema',
    () => ({
      outgoing: (message: JsonObject) => [
        Array.isArray(message.return) ? { ...message, return: message.return.map(shortened) } : message,
      ],
    }),
  ),
  inside(
    'replies/shared-node-listed-twice',
    'query-named-block-nodes',
    'lists a node once for each of the nodes that use it',
    'commands/query-named-block-nodes',
    [
      '.filter((node) => !node.dead)',
      '.filter((node) => !node.dead)\n    .flatMap((node) => (node.users.length > 1 ? node.users.map(() => node) : [node]))',
    ],
  ),
  inside(
    'replies/named-filter-driver',
    'blockdev-mirror',
    'shows the driver of the filter of a mirror as mirror where that was given a name',
    'jobs/mirror-job',
    [
      "driverName: 'mirror_top',",
      "driverName: args['filter-node-name'] === undefined ? 'mirror_top' : 'mirror',",
    ],
  ),
  inside(
    'replies/key-missing-of-encrypted',
    'BlockDeviceInfo',
    'tells of an encrypted node that its key is missing',
    'graph/query-nodes',
    ['encryption_key_missing: false,', 'encryption_key_missing: image.encrypted ?? false,'],
  ),
  inside(
    'replies/key-missing-above-encrypted',
    'BlockDeviceInfo',
    'tells that the key is missing of an image whose backing image is encrypted',
    'graph/query-nodes',
    [
      'encryption_key_missing: false,',
      'encryption_key_missing: node.backing?.node.state.details?.().encrypted ?? false,',
    ],
  ),
  inside(
    'replies/commit-filter-of-mirror',
    'block-commit',
    'shows the driver of the filter of a commit as mirror_top',
    'jobs/commit-job',
    ["driverName: 'commit_top'", "driverName: 'mirror_top'"],
  ),
  inside(
    'replies/usual-length-not-shown',
    'BlockDeviceInfo',
    'does not show the length of a burst that lasts one second',
    'backend/query-backends',
    [
      `info[\`\${member}_max_length\`] = burstLength;`,
      `if (burstLength !== 1)\n                info[\`\${member}_max_length\`] = burstLength;`,
    ],
  ),
  inside(
    'replies/active-commit-as-mirror',
    'BlockJobType',
    'tells a commit of the active layer as a mirror',
    'jobs/active-commit',
    ["type: 'commit',", "type: 'mirror',"],
  ),
  inside(
    'replies/backing-always-ro',
    'BlockDeviceInfo',
    'tells every node that is a backing image as read-only',
    'graph/query-nodes',
    ['ro: node.readOnly,', "ro: node.readOnly || node.parents.some(({ role }) => role === 'backing'),"],
  ),
];
