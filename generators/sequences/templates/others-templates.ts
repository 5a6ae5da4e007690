/** Transactions, exports, throttling, media, internal snapshots, guest I/O and queries. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CallBuilder } from '../call-builder.ts';
import type { CallTemplate } from '../call-templates.ts';
import { bitmapAddArguments } from './bitmaps-templates.ts';
import { backupArguments } from './jobs-templates.ts';

const ACTIONS: readonly ((d: CallBuilder) => JsonObject)[] = [
  (d) => ({ type: 'blockdev-snapshot', data: { node: d.use('node'), overlay: d.use('node') } }),
  (d) => ({
    type: 'blockdev-snapshot-sync',
    data: {
      'node-name': d.use('node'),
      'snapshot-file': d.make('file'),
      'snapshot-node-name': d.make('node'),
    },
  }),
  (d) => ({ type: 'blockdev-backup', data: backupArguments(d) }),
  (d) => ({ type: 'block-dirty-bitmap-add', data: bitmapAddArguments(d) }),
  () => ({ type: 'abort', data: {} }),
  (d) => ({
    type: d.pick('block-dirty-bitmap-clear', 'block-dirty-bitmap-disable', 'block-dirty-bitmap-remove'),
    data: { node: d.use('node'), name: d.programState.made('bitmap').length > 0 ? d.use('bitmap') : 'b0' },
  }),
  (d) => ({
    type: 'blockdev-snapshot-internal-sync',
    data: { device: d.use('node'), name: d.make('snapshot') },
  }),
];

const groupLimits = (d: CallBuilder): JsonObject => ({
  'iops-total': d.pick(0, 1, 10, 1000),
  'bps-total': d.pick(0, 1, 65536),
});

const limits = (d: CallBuilder): JsonObject => ({
  bps: d.pick(0, 65536, 1),
  bps_rd: 0,
  bps_wr: 0,
  iops: d.pick(0, 10, 1),
  iops_rd: 0,
  iops_wr: 0,
});

const QEMU_IO = [
  'write -P 17 0 64k',
  'read 0 64k',
  'aio_write -P 34 64k 64k',
  'discard 0 1M',
  'flush',
  'write -z 0 1M',
];

function query(command: string, make: (d: CallBuilder) => JsonObject = () => ({})): CallTemplate {
  return { command, weight: 1, needs: [], make };
}

export const OTHER_TEMPLATES: readonly CallTemplate[] = [
  {
    command: 'transaction',
    weight: 4,
    needs: ['node'],
    make: (d) => ({
      actions: Array.from({ length: 1 + d.random.below(3) }, () => d.random.pick(ACTIONS)(d)),
      ...d.maybe(20, () => ({ properties: { 'completion-mode': d.pick('individual', 'grouped') } })),
    }),
  },
  {
    command: 'object-add',
    weight: 2,
    needs: [],
    make: (d) => ({
      'qom-type': 'throttle-group',
      id: d.make('group'),
      ...d.maybe(60, () => ({ limits: groupLimits(d) })),
    }),
  },
  {
    command: 'qom-set',
    weight: 2,
    needs: ['group'],
    // A path in part: the whole one looks like that of a file.
    make: (d) => ({ path: d.use('group'), property: 'limits', value: groupLimits(d) }),
  },
  { command: 'object-del', weight: 1, needs: ['group'], make: (d) => ({ id: d.use('group') }) },
  {
    command: 'nbd-server-start',
    weight: 2,
    needs: [],
    make: () => ({ addr: { type: 'unix', data: { path: '@DIR@/nbd.sock' } } }),
  },
  { command: 'nbd-server-stop', weight: 2, needs: [], make: () => ({}) },
  {
    command: 'nbd-server-add',
    weight: 2,
    needs: ['node'],
    make: (d) => ({
      device: d.use('node'),
      name: d.make('export'),
      ...d.maybe(40, () => ({ writable: true })),
      ...d.maybe(20, () => ({ bitmap: d.programState.made('bitmap').length > 0 ? d.use('bitmap') : 'b0' })),
    }),
  },
  {
    command: 'nbd-server-remove',
    weight: 1,
    needs: ['export'],
    make: (d) => ({ name: d.use('export'), ...d.maybe(30, () => ({ mode: d.pick('safe', 'hard') })) }),
  },
  {
    command: 'block-export-add',
    weight: 3,
    needs: ['node'],
    make: (d) => ({
      type: 'nbd',
      id: d.make('export'),
      'node-name': d.use('node'),
      ...d.maybe(50, () => ({ writable: true })),
    }),
  },
  {
    command: 'block-export-del',
    weight: 2,
    needs: ['export'],
    make: (d) => ({ id: d.use('export'), ...d.maybe(40, () => ({ mode: d.pick('safe', 'hard') })) }),
  },
  {
    command: 'block-set-write-threshold',
    weight: 2,
    needs: ['node'],
    make: (d) => ({ 'node-name': d.use('node'), 'write-threshold': d.size() }),
  },
  {
    command: 'block_set_io_throttle',
    weight: 2,
    needs: ['device'],
    make: (d) => ({ id: d.use('device'), ...limits(d), ...d.maybe(30, () => ({ group: 'tg' })) }),
  },
  {
    command: 'blockdev-snapshot-internal-sync',
    weight: 2,
    needs: ['node'],
    make: (d) => ({ device: d.use('node'), name: d.make('snapshot') }),
  },
  {
    command: 'blockdev-snapshot-delete-internal-sync',
    weight: 1,
    needs: ['node', 'snapshot'],
    make: (d) => ({ device: d.use('node'), name: d.use('snapshot') }),
  },
  ...(['blockdev-open-tray', 'blockdev-close-tray', 'blockdev-remove-medium', 'eject'] as const).map(
    (command): CallTemplate => ({
      command,
      weight: 2,
      needs: ['device'],
      make: (d) => ({
        id: d.use('device'),
        ...(command === 'blockdev-open-tray' || command === 'eject'
          ? d.maybe(40, () => ({ force: true }))
          : {}),
      }),
    }),
  ),
  {
    command: 'blockdev-insert-medium',
    weight: 2,
    needs: ['device', 'node'],
    make: (d) => ({ id: d.use('device'), 'node-name': d.use('node') }),
  },
  {
    command: 'blockdev-change-medium',
    weight: 2,
    needs: ['device', 'file'],
    make: (d) => ({
      id: d.use('device'),
      filename: d.use('file'),
      ...d.maybe(40, () => ({ format: d.pick('raw', 'qcow2') })),
      ...d.maybe(30, () => ({ 'read-only-mode': d.pick('retain', 'read-only', 'read-write') })),
    }),
  },
  {
    command: 'human-monitor-command',
    weight: 5,
    needs: ['node'],
    make: (d) => ({ 'command-line': `qemu-io ${d.use('node')} "${d.random.pick(QEMU_IO)}"` }),
  },
  query('query-block'),
  query('query-block-jobs'),
  query('query-jobs'),
  query('query-block-exports'),
  query('query-named-block-nodes', (d) => d.maybe(50, () => ({ flat: true })) as JsonObject),
  query('query-blockstats', (d) => d.maybe(50, () => ({ 'query-nodes': true })) as JsonObject),
  query('x-debug-query-block-graph'),
];
