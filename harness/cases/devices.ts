/** Drives without a guest device: what the commands and queries make of a device name, with and without medium. */
import { join } from 'node:path';
import type { JsonObject } from '../../spec/json.ts';
import type { Topology } from '../targets/target.ts';
import type { CaseContext, CaseDefinition, Needs } from './case.ts';
import { shown } from './case-text.ts';
import { deviceBitmaps } from './helpers/device-info.ts';
import { sizesOf } from './helpers/image-files.ts';
import { dataSource, MiB, needs, nodeInfo, queryList } from './helpers/shared-setup.ts';

const FILE = 'drive.img';

/** Device `d0` with a raw image in node `a`, device `e0` without medium. */
const drives: Topology = {
  name: 'drives',
  images: [{ path: FILE, format: 'raw', size: MiB }],
  options: ['-drive', `if=none,id=d0,file=@DIR@/${FILE},format=raw,node-name=a`, '-drive', 'if=none,id=e0'],
  monitors: 1,
};

const withDevices = (...commands: string[]): Needs => ({
  commands: ['query-block', ...commands],
});

async function device(t: CaseContext, name: string): Promise<JsonObject> {
  const found = (await queryList(t, 'query-block')).find((entry) => entry.device === name);
  t.check(found !== undefined, `query-block must list device ${name}`, 'it does not');
  return found;
}

export const devices: readonly CaseDefinition[] = [
  {
    id: 'devices/query-block',
    title: 'query-block lists each device, with inserted exactly where there is a medium',
    requirements: [
      'query-block/every-device',
      'query-block/device',
      'query-block/inserted',
      'query-block/type-unknown',
      'query-block/locked',
      'query-block/qdev',
      'query-block/tray',
    ],
    needs: withDevices(),
    topology: drives,
    async run(t: CaseContext) {
      t.equal(
        (await queryList(t, 'query-block')).map((entry) => entry.device ?? null).toSorted(),
        ['d0', 'e0'],
        'query-block must list both devices and nothing else',
      );
      const [full, empty] = [await device(t, 'd0'), await device(t, 'e0')];
      t.contains(
        full,
        { inserted: { 'node-name': 'a', drv: 'raw' } },
        'query-block must show the node of d0 as inserted',
      );
      t.check(
        !('inserted' in empty),
        'query-block must show nothing inserted in e0',
        `it shows ${shown(empty.inserted)}`,
      );
      for (const entry of [full, empty]) {
        t.contains(
          entry,
          { type: 'unknown', locked: false },
          'a drive without guest device must have type unknown and not be locked',
        );
        t.check(
          !('qdev' in entry),
          'a drive without guest device must have no qdev',
          `qdev is ${shown(entry.qdev)}`,
        );
        t.check(
          !('tray_open' in entry),
          'a drive without guest device must have no tray_open',
          `tray_open is ${shown(entry.tray_open)}`,
        );
      }
    },
  },
  {
    id: 'devices/inserted-is-the-node',
    title: 'What query-block shows as inserted is what query-named-block-nodes says of the node',
    requirements: ['query-block/inserted', 'query-named-block-nodes/lists-nodes'],
    needs: withDevices('query-named-block-nodes'),
    topology: drives,
    async run(t: CaseContext) {
      t.equal(
        (await device(t, 'd0')).inserted ?? null,
        await nodeInfo(t, 'a'),
        'what query-block shows as inserted must be what query-named-block-nodes says',
      );
    },
  },
  {
    id: 'devices/query-blockstats',
    title: 'query-blockstats has an entry for each device, with its counters at zero',
    requirements: ['query-blockstats/backends', 'query-blockstats/counts', 'query-blockstats/timed-stats'],
    needs: withDevices('query-blockstats'),
    topology: drives,
    async run(t: CaseContext) {
      const list = await queryList(t, 'query-blockstats');
      t.equal(
        list.map((entry) => entry.device ?? null).toSorted(),
        ['d0', 'e0'],
        'query-blockstats must list both devices and nothing else',
      );
      for (const entry of list)
        t.contains(
          entry,
          { stats: { wr_bytes: 0, wr_operations: 0, timed_stats: [] } },
          'the write counters of an unused device must be zero',
        );
    },
  },
  {
    id: 'devices/resize',
    title: 'block_resize by device gives the inserted image its new size, on disk too',
    requirements: ['block_resize/by-device', 'block_resize/size-in-bytes'],
    needs: withDevices('block_resize'),
    topology: drives,
    async run(t: CaseContext) {
      for (const size of [2 * MiB, MiB]) {
        t.equal(
          await t.execute('block_resize', { device: 'd0', size }),
          {},
          'block_resize must return an empty object',
        );
        t.contains(
          await device(t, 'd0'),
          { inserted: { image: { 'virtual-size': size } } },
          'query-block must show the size that was given',
        );
        t.equal(
          (await sizesOf(t, join(t.scratch, FILE))).size,
          size,
          'the file must be as long as the device',
        );
      }
    },
  },
  {
    id: 'devices/resize-without-medium',
    title: 'block_resize of a device without medium is refused',
    requirements: ['block_resize/no-medium'],
    needs: withDevices('block_resize'),
    topology: drives,
    async run(t: CaseContext) {
      await t.refused('block_resize', { device: 'e0', size: MiB }, { text: /'e0' has no medium/ });
      await t.execute('block_resize', { device: 'd0', size: 2 * MiB });
      t.contains(
        await device(t, 'd0'),
        { inserted: { image: { 'virtual-size': 2 * MiB } } },
        'query-block must show the size that was given to the device with a medium',
      );
      await t.execute('block_resize', { device: 'd0', size: MiB });
    },
  },
  {
    id: 'devices/bitmap-by-either-name',
    title: 'A bitmap that was added by device name is the one of its node',
    requirements: ['block-dirty-bitmap-clear/node-or-device', 'block-dirty-bitmap-add/node-or-device'],
    needs: withDevices(
      'block-dirty-bitmap-add',
      'block-dirty-bitmap-remove',
      'x-debug-block-dirty-bitmap-sha256',
    ),
    topology: drives,
    async run(t: CaseContext) {
      const digest = (node: string) => t.execute('x-debug-block-dirty-bitmap-sha256', { node, name: 'b' });
      await t.execute('block-dirty-bitmap-add', { node: 'd0', name: 'b' });
      t.equal(
        await digest('a'),
        await digest('d0'),
        'the bitmap must be the same by device name and by node name',
      );
      t.equal(
        (await deviceBitmaps(t, 'd0')).map(({ name }) => name ?? null),
        ['b'],
        'query-block must show the bitmap of the node with the device',
      );
      await t.execute('block-dirty-bitmap-remove', { node: 'a', name: 'b' });
      await t.refused('block-dirty-bitmap-remove', { node: 'd0', name: 'b' }, { text: /'b' not found/ });
    },
  },
  {
    id: 'devices/bitmap-shown',
    title: 'query-block shows the bitmaps of a device, and dirty-bitmaps only while there are any',
    requirements: [
      'query-block/dirty-bitmaps',
      'query-block/bitmap-status-active',
      'block-dirty-bitmap-add/granularity-default',
    ],
    needs: withDevices('block-dirty-bitmap-add', 'block-dirty-bitmap-remove'),
    topology: drives,
    async run(t: CaseContext) {
      t.check(
        !('dirty-bitmaps' in (await device(t, 'd0'))),
        'a device without bitmaps must have no dirty-bitmaps',
        'it has',
      );
      await t.execute('block-dirty-bitmap-add', { node: 'd0', name: 'b' });
      const bitmaps = (await device(t, 'd0'))['dirty-bitmaps'];
      await t.execute('block-dirty-bitmap-remove', { node: 'd0', name: 'b' });
      if (bitmaps === undefined) t.skip('the endpoint shows bitmaps with their node only');
      t.contains(
        bitmaps,
        [{ name: 'b', count: 0, granularity: 65536, status: 'active' }],
        'query-block must show the bitmap as active, with its granularity and nothing dirty',
      );
    },
  },
  {
    id: 'block_passwd/always-fails',
    title: 'block_passwd fails for a device, for a node and for what does not exist, with any password',
    requirements: ['block_passwd/always-fails'],
    needs: withDevices('block_passwd'),
    topology: drives,
    async run(t: CaseContext) {
      for (const image of [
        { device: 'd0' },
        { 'node-name': 'a' },
        { device: 'e0' },
        { device: t.name('nothing') },
      ])
        for (const password of ['secret', '']) {
          const { error } = await t.request({ execute: 'block_passwd', arguments: { ...image, password } });
          t.check(error !== undefined, 'block_passwd must always fail', 'it succeeds');
        }
      t.contains(
        await device(t, 'd0'),
        { inserted: { 'node-name': 'a', encrypted: false } },
        'the device must be as it was',
      );
    },
  },
  {
    id: 'devices/name-taken-by-a-device',
    title: 'A node cannot have the name of a device',
    requirements: ['blockdev-add/name-taken', 'blockdev-add/failure-leaves-nothing'],
    needs: needs(withDevices('blockdev-add', 'query-named-block-nodes'), { nodes: ['data'] }),
    topology: drives,
    async run(t: CaseContext) {
      await t.refused('blockdev-add', { ...(await dataSource(t)), 'node-name': 'd0' }, { text: /d0/ });
      const name = t.name('node');
      await t.execute('blockdev-add', { ...(await dataSource(t)), 'node-name': name });
      await nodeInfo(t, name);
    },
  },
  {
    id: 'devices/node-of-a-device-stays',
    title: 'The node that a device uses cannot be deleted',
    requirements: ['blockdev-del/in-use'],
    needs: withDevices('blockdev-del', 'query-named-block-nodes'),
    topology: drives,
    async run(t: CaseContext) {
      await t.refused('blockdev-del', { 'node-name': 'a' }, { text: /in use|not owned/ });
      await nodeInfo(t, 'a');
    },
  },
];
