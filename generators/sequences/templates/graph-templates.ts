/** Nodes: adding, reopening, resizing, snapshots, changes of children. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CallBuilder } from '../call-builder.ts';
import type { CallTemplate } from '../call-templates.ts';

const common = (d: CallBuilder): JsonObject => ({
  ...d.maybe(10, () => ({ 'read-only': d.chance(50) })),
  ...d.maybe(6, () => ({ discard: d.pick('ignore', 'unmap') })),
  ...d.maybe(6, () => ({ 'detect-zeroes': d.pick('on', 'off', 'unmap') })),
  ...d.maybe(6, () => ({ cache: { direct: d.chance(30), 'no-flush': d.chance(50) } })),
});

const file = (d: CallBuilder): JsonObject => ({ driver: 'file', filename: d.use('file'), ...common(d) });

function add(
  weight: number,
  needs: CallTemplate['needs'],
  options: (d: CallBuilder) => JsonObject,
): CallTemplate {
  return {
    command: 'blockdev-add',
    weight,
    needs,
    make: (d) => ({ 'node-name': d.make('node'), ...options(d) }),
  };
}

export const GRAPH_TEMPLATES: readonly CallTemplate[] = [
  add(8, [], (d) => ({ driver: d.pick('null-co', 'null-co', 'null-aio'), size: d.size(), ...common(d) })),
  add(3, [], (d) => ({ driver: 'null-co', size: d.size(), 'latency-ns': d.pick(1000, 1000000, 20000000) })),
  add(3, ['file'], (d) => ({ driver: 'raw', file: file(d), ...common(d) })),
  add(3, ['file'], (d) => ({ driver: 'qcow2', file: file(d), ...common(d) })),
  add(3, ['file'], (d) => ({ ...file(d) })),
  add(3, ['node'], (d) => ({
    driver: 'raw',
    file: d.use('node'),
    ...d.maybe(30, () => ({ offset: d.size(), size: d.size() })),
  })),
  add(2, ['node', 'file'], (d) => ({ driver: 'qcow2', file: file(d), backing: d.pick(d.use('node'), null) })),
  add(2, ['node'], (d) => ({
    driver: 'qcow2',
    file: d.use('node'),
    ...d.maybe(40, () => ({ backing: null })),
  })),
  add(2, ['node'], (d) => ({
    driver: d.pick('copy-on-read', 'preallocate', 'compress'),
    file: d.use('node'),
  })),
  add(2, ['node'], (d) => ({
    driver: 'copy-before-write',
    file: d.use('node'),
    target: d.use('node'),
    ...d.maybe(20, () => ({ bitmap: { node: d.use('node'), name: 'b0' } })),
  })),
  add(1, ['node'], (d) => ({ driver: 'snapshot-access', file: d.use('node') })),
  add(2, ['node', 'group'], (d) => ({
    driver: 'throttle',
    'throttle-group': d.use('group'),
    file: d.use('node'),
  })),
  add(3, ['node'], (d) => ({
    driver: 'blkdebug',
    image: d.use('node'),
    ...d.maybe(60, () => ({
      'inject-error': [
        {
          event: d.pick('read_aio', 'write_aio', 'flush_to_os', 'l2_load', 'cluster_alloc', 'none'),
          errno: d.pick(5, 28, 0, 2),
          once: d.chance(50),
          ...d.maybe(20, () => ({ immediately: true })),
        },
      ],
    })),
    ...d.maybe(15, () => ({ align: d.pick(512, 4096, 65536, 3) })),
  })),
  add(2, ['node'], (d) => ({
    driver: 'quorum',
    'vote-threshold': d.pick(1, 2, 1, 0, 3),
    children: Array.from({ length: 1 + d.random.below(3) }, () => d.use('node')),
    ...d.maybe(15, () => ({ 'read-pattern': 'fifo' })),
  })),
  add(1, ['node'], (d) => ({ driver: 'blklogwrites', file: d.use('node'), log: d.use('node') })),
  add(1, ['file'], (d) => ({
    driver: d.pick('vmdk', 'vpc', 'vdi', 'vhdx', 'qed', 'parallels', 'luks', 'bochs', 'cloop', 'dmg'),
    file: file(d),
  })),
  {
    command: 'blockdev-del',
    weight: 6,
    needs: ['node'],
    make: (d) => ({ 'node-name': d.use('node') }),
  },
  {
    command: 'block_resize',
    weight: 6,
    needs: ['node'],
    make: (d) => ({ 'node-name': d.use('node'), size: d.size() }),
  },
  {
    command: 'blockdev-snapshot',
    weight: 5,
    needs: ['node'],
    make: (d) => ({ node: d.use('node'), overlay: d.use('node') }),
  },
  {
    command: 'blockdev-snapshot-sync',
    weight: 4,
    needs: ['node'],
    make: (d) => ({
      'node-name': d.use('node'),
      'snapshot-file': d.make('file'),
      'snapshot-node-name': d.make('node'),
      ...d.maybe(30, () => ({ format: d.pick('qcow2', 'raw', 'qed', 'vmdk') })),
      ...d.maybe(20, () => ({ mode: d.pick('existing', 'absolute-paths') })),
    }),
  },
  {
    command: 'x-blockdev-change',
    weight: 4,
    needs: ['node'],
    make: (d) => ({
      parent: d.use('node'),
      ...d.pick<() => JsonObject>(
        () => ({ node: d.use('node') }),
        () => ({ child: d.pick('children.0', 'children.1', 'children.2', 'file', 'backing') }),
      )(),
    }),
  },
  {
    command: 'blockdev-reopen',
    weight: 4,
    needs: ['node'],
    make: (d) => ({
      options: [
        {
          'node-name': d.use('node'),
          ...d.pick<() => JsonObject>(
            () => ({ driver: 'raw', file: d.use('node') }),
            () => ({ driver: 'qcow2', file: d.use('node'), backing: d.pick(d.use('node'), null) }),
            () => ({ driver: 'null-co', size: d.size() }),
            () => ({ driver: 'copy-on-read', file: d.use('node') }),
            () => ({ driver: 'throttle', 'throttle-group': 'g0', file: d.use('node') }),
          )(),
          ...common(d),
        },
      ],
    }),
  },
  {
    command: 'change-backing-file',
    weight: 2,
    needs: ['node', 'file'],
    make: (d) => ({ device: d.use('node'), 'image-node-name': d.use('node'), 'backing-file': d.use('file') }),
  },
  {
    command: 'blockdev-create',
    weight: 2,
    needs: ['node'],
    make: (d) => ({
      'job-id': d.make('job'),
      options: {
        driver: d.pick('qcow2', 'vdi', 'vhdx', 'vmdk', 'parallels', 'qed', 'vpc'),
        file: d.use('node'),
        size: d.pick(65536, 1048576, 4194304),
      },
    }),
  },
  {
    command: 'x-blockdev-amend',
    weight: 1,
    needs: ['node'],
    make: (d) => ({
      'job-id': d.make('job'),
      'node-name': d.use('node'),
      options: { driver: d.pick('qcow2', 'luks') },
    }),
  },
  {
    command: 'x-blockdev-set-iothread',
    weight: 2,
    needs: ['node', 'iothread'],
    make: (d) => ({
      'node-name': d.use('node'),
      iothread: d.pick(d.use('iothread'), null),
      ...d.maybe(30, () => ({ force: true })),
    }),
  },
];
