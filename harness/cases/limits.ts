/** block-set-write-threshold with its event, and block_set_io_throttle. */
import type { JsonObject } from '../../spec/json.ts';
import type { Topology } from '../targets/target.ts';
import type { CaseContext, CaseDefinition, Needs } from './case.ts';
import { shown } from './case-text.ts';
import { addQcow2, makeEmpty } from './helpers/backing-chains.ts';
import { insertedIn } from './helpers/device-info.ts';
import { nodeIo, openIo } from './helpers/node-io.ts';
import { addNode, addRaw, dataNodes, fileNodes, KiB, MiB, needs, nodeInfo } from './helpers/shared-setup.ts';
import { limit, NO_LIMIT } from './helpers/throttling.ts';

const thresholds = needs(dataNodes, { commands: ['block-set-write-threshold'] });

/** Device `d0` with an image. */
const drive: Topology = {
  name: 'throttled-drive',
  images: [{ path: 'throttled.img', format: 'raw', size: MiB }],
  options: ['-drive', 'if=none,id=d0,file=@DIR@/throttled.img,format=raw,node-name=n0'],
  monitors: 1,
};

const throttles: Needs = { commands: ['block_set_io_throttle', 'query-block'] };

const threshold = (t: CaseContext, node: string, value: number | bigint) =>
  t.execute('block-set-write-threshold', { 'node-name': node, 'write-threshold': value });

const throttle = (t: CaseContext, given: JsonObject) => limit(t, 'd0', given);

export const limitCases: readonly CaseDefinition[] = [
  {
    id: 'block-set-write-threshold/sets',
    title: 'The node reports the threshold that was set last, 0 before and after it was taken away',
    requirements: ['block-set-write-threshold/sets'],
    needs: thresholds,
    async run(t: CaseContext) {
      const node = await addNode(t);
      t.contains(await nodeInfo(t, node), { write_threshold: 0 }, 'a new node must have no write threshold');
      for (const value of [1, MiB, 2 ** 40, 0]) {
        t.equal(await threshold(t, node, value), {}, 'block-set-write-threshold must return an empty object');
        t.contains(
          await nodeInfo(t, node),
          { write_threshold: value },
          'the node must report the threshold that was set last',
        );
      }
    },
  },
  {
    id: 'block-set-write-threshold/of-each-kind',
    title: 'A file, a format and a filter take thresholds within their disk and beyond its end alike',
    requirements: ['block-set-write-threshold/sets', 'examples/threshold'],
    needs: needs(thresholds, fileNodes, { drivers: ['qcow2', 'blkdebug'] }),
    async run(t: CaseContext) {
      const { name: raw, file } = await addRaw(t, MiB);
      const protocol = t.name('file');
      await t.execute('blockdev-add', { driver: 'file', 'node-name': protocol, filename: file.path });
      const format = await addQcow2(t, await makeEmpty(t));
      const filter = t.name('filter');
      await t.execute('blockdev-add', { driver: 'blkdebug', 'node-name': filter, image: protocol });
      for (const node of [raw, protocol, format, filter])
        for (const value of [MiB / 2, MiB, 2 ** 34, 0]) {
          await threshold(t, node, value);
          t.contains(await nodeInfo(t, node), { write_threshold: value }, 'the node must have the threshold');
        }
    },
  },
  {
    id: 'block-set-write-threshold/node-unknown',
    title: 'A threshold on a node that does not exist is refused',
    requirements: ['block-set-write-threshold/node-unknown'],
    needs: thresholds,
    async run(t: CaseContext) {
      await threshold(t, await addNode(t), 1);
      for (const node of [t.name('nothing'), ''])
        await t.refused(
          'block-set-write-threshold',
          { 'node-name': node, 'write-threshold': 1 },
          { text: `Device '${node}' not found` },
        );
    },
  },
  {
    id: 'BLOCK_WRITE_THRESHOLD/once',
    title: 'The first write beyond the threshold brings the event, with the bytes beyond; then there is none',
    requirements: ['BLOCK_WRITE_THRESHOLD/emitted', 'BLOCK_WRITE_THRESHOLD/one-shot'],
    needs: needs(thresholds, { ...nodeIo, events: ['BLOCK_WRITE_THRESHOLD'] }),
    async run(t: CaseContext) {
      const node = await addNode(t);
      await threshold(t, node, 64 * KiB);
      const io = await openIo(t, node);
      const write = (offset: number, length: number) =>
        io.perform({ kind: 'write', offset, length, byte: 1 });
      await io.perform({ kind: 'read', offset: 0, length: MiB });
      await write(0, 60 * KiB);
      t.contains(
        await nodeInfo(t, node),
        { write_threshold: 64 * KiB },
        'a write below the threshold must leave it as it was',
      );
      await write(60 * KiB, 8 * KiB);
      const { data } = await t.event('BLOCK_WRITE_THRESHOLD', { 'node-name': node });
      t.contains(
        data ?? null,
        { 'amount-exceeded': 4 * KiB, 'write-threshold': 64 * KiB },
        'the event must tell the threshold and how far the write exceeded it',
      );
      t.contains(await nodeInfo(t, node), { write_threshold: 0 }, 'the event must take the threshold away');
      await write(128 * KiB, 4 * KiB);
      await nodeInfo(t, node);
      t.check(
        t.pending().every(({ event }) => event !== 'BLOCK_WRITE_THRESHOLD'),
        'a threshold must bring one event',
        'a second one came',
      );
    },
  },
  {
    id: 'block_set_io_throttle/sets',
    title: 'The device reports the limits and the group that it was given, and none when all are zero',
    requirements: [
      'block_set_io_throttle/sets',
      'block_set_io_throttle/group',
      'block_set_io_throttle/disables',
    ],
    needs: throttles,
    topology: drive,
    async run(t: CaseContext) {
      for (const given of [
        { bps: 4096 },
        { bps_rd: 1000, bps_wr: 2000 },
        { iops: 50, iops_max: 100, iops_max_length: 3, iops_size: 4096 },
      ]) {
        t.equal(await throttle(t, given), {}, 'block_set_io_throttle must return an empty object');
        t.contains(
          await insertedIn(t, 'd0'),
          { ...NO_LIMIT, ...given, group: 'd0' },
          'query-block must show the limits that were set',
        );
      }
      await throttle(t, { bps: 4096, group: 'another' });
      t.contains(
        await insertedIn(t, 'd0'),
        { bps: 4096, group: 'another' },
        'query-block must show the group that was given',
      );
      await throttle(t, {});
      const free = await insertedIn(t, 'd0');
      t.contains(free, NO_LIMIT, 'query-block must show no limits after all were set to zero');
      t.check(
        !('group' in free),
        'a device without limits must have no group',
        `it is in ${shown(free.group)}`,
      );
    },
  },
  {
    id: 'block_set_io_throttle/combinations',
    title: 'Limits that contradict one another are refused, and those that were set stay',
    requirements: ['block_set_io_throttle/combinations'],
    needs: throttles,
    topology: drive,
    async run(t: CaseContext) {
      await throttle(t, { bps: 4096 });
      for (const wrong of [
        { bps: 1, bps_wr: 1 },
        { iops: 1, iops_rd: 1 },
        { bps_max: 100 },
        { iops: 1, iops_max_length: 2 },
        { bps: -1 },
      ])
        await t.refused('block_set_io_throttle', { device: 'd0', ...NO_LIMIT, ...wrong });
      t.contains(
        await insertedIn(t, 'd0'),
        { ...NO_LIMIT, bps: 4096 },
        'the limits must stay as they were after a refusal',
      );
      await throttle(t, {});
    },
  },
  {
    id: 'block_set_io_throttle/device-unknown',
    title: 'Limits for a device that does not exist are refused as DeviceNotFound',
    requirements: ['block_set_io_throttle/device-unknown'],
    needs: throttles,
    topology: drive,
    async run(t: CaseContext) {
      const device = t.name('nothing');
      await t.refused('block_set_io_throttle', { device, ...NO_LIMIT, bps: 7 }, { class: 'DeviceNotFound' });
      t.contains(await insertedIn(t, 'd0'), { bps: 0 }, 'the device that is there must have no limit');
      await throttle(t, { bps: 7 });
      t.contains(await insertedIn(t, 'd0'), { bps: 7 }, 'the device that is named must have the limit');
      await throttle(t, {});
    },
  },
];
