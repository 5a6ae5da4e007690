/** Nodes and the block graph: adding, deleting, resizing, snapshots, images. */
import { type CommandEffects, type ExclusiveGroup, NOBODY } from './effects.ts';

/** Given both, the device is taken where there is one: nobody refuses it. */
const DEVICE_OR_NODE: ExclusiveGroup = { members: ['device', 'node-name'], both: false, neither: true };

/** Options of `blockdev-add` that hold a child, its name or a list of children. */
export const CHILD_OPTIONS: ReadonlySet<string> = new Set([
  'file',
  'backing',
  'image',
  'test',
  'raw',
  'log',
  'target',
  'data-file',
  'children',
]);

export const NODE_EFFECTS = {
  'blockdev-add': {
    contents: 'node-added',
    makes: [{ kind: 'node', argument: 'node-name', undo: 'blockdev-del' }],
    usual: ['node-name'],
    harmlessWith: { driver: NOBODY, 'node-name': NOBODY },
    reported: {
      driver: { as: 'drv' },
      'detect-zeroes': { as: 'detect_zeroes', otherwise: 'off' },
      'read-only': { as: 'ro' },
      'cache.direct': { as: 'cache.direct' },
      'cache.no-flush': { as: 'cache.no-flush' },
    },
  },
  'blockdev-del': {
    contents: 'node-deleted',
    uses: { 'node-name': 'node' },
    removes: [{ kind: 'node', argument: 'node-name' }],
    harmlessWith: { 'node-name': NOBODY },
  },
  'blockdev-reopen': { contents: 'nodes-reopened' },
  block_resize: {
    contents: 'node-resized',
    uses: { device: 'device', 'node-name': 'node' },
    usual: ['node-name'],
    exclusive: [DEVICE_OR_NODE],
    harmlessWith: { 'node-name': NOBODY, size: 0 },
    reported: { size: { as: 'image.virtual-size', granularity: 512 } },
  },
  block_passwd: {
    contents: 'unchanged',
    uses: { device: 'device', 'node-name': 'node' },
    harmlessWith: { 'node-name': NOBODY, password: NOBODY },
  },
  'block-set-write-threshold': {
    contents: 'unchanged',
    uses: { 'node-name': 'node' },
    harmlessWith: { 'node-name': NOBODY, 'write-threshold': 0 },
    reported: { 'write-threshold': { as: 'write_threshold' } },
  },
  'blockdev-snapshot': {
    contents: 'overlay-attached',
    uses: { node: 'node', overlay: 'node' },
    moves: { from: ['node'], to: 'overlay' },
    harmlessWith: { node: NOBODY, overlay: NOBODY },
  },
  // The overlay belongs to its users, not to the monitor: it goes with the last of them, and `blockdev-del` refuses it.
  'blockdev-snapshot-sync': {
    contents: 'overlay-made',
    makes: [
      { kind: 'node', argument: 'snapshot-node-name' },
      { kind: 'file', argument: 'snapshot-file' },
    ],
    uses: { device: 'device', 'node-name': 'node' },
    moves: { from: ['node-name', 'device'], to: 'snapshot-node-name' },
    undo: 'impossible',
    usual: ['node-name', 'snapshot-node-name'],
    exclusive: [DEVICE_OR_NODE],
  },
  'blockdev-snapshot-internal-sync': {
    contents: 'unchanged',
    makes: [{ kind: 'snapshot', argument: 'name' }],
    uses: { device: 'node-or-device' },
    harmlessWith: { device: NOBODY, name: NOBODY },
  },
  'blockdev-snapshot-delete-internal-sync': {
    contents: 'unchanged',
    uses: { device: 'node-or-device', name: 'snapshot', id: 'snapshot' },
    removes: [{ kind: 'snapshot', argument: 'name' }],
    harmlessWith: { device: NOBODY, name: NOBODY },
  },
  'change-backing-file': {
    contents: 'unchanged',
    uses: { device: 'node-or-device', 'image-node-name': 'node', 'backing-file': 'file' },
    harmlessWith: { device: NOBODY, 'image-node-name': NOBODY, 'backing-file': NOBODY },
  },
  'x-blockdev-change': {
    contents: 'child-changed',
    uses: { parent: 'node', node: 'node' },
    harmlessWith: { parent: NOBODY, node: NOBODY },
  },
  'x-blockdev-set-iothread': {
    contents: 'unchanged',
    uses: { 'node-name': 'node', iothread: 'iothread' },
    harmlessWith: { 'node-name': NOBODY, iothread: NOBODY },
  },
  // What was in the file is gone before it is known whether an image can be made there.
  'x-blockdev-create': { contents: 'image-made', overwritesBeforeRefusal: true },
  'blockdev-create': {
    contents: 'image-made',
    makes: [{ kind: 'job', argument: 'job-id' }],
    job: 'create',
  },
  'x-blockdev-amend': {
    contents: 'unknown',
    makes: [{ kind: 'job', argument: 'job-id' }],
    uses: { 'node-name': 'node' },
    job: 'amend',
  },
} as const satisfies Readonly<Record<string, CommandEffects>>;
