/** What query-block tells of guest devices, nodes that belong to them, hotplug, and the events of the machine. */
import { isJsonObject, type JsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { shown } from '../case-text.ts';
import { pc } from '../helpers/ide-guest.ts';
import { addNode, addRaw, dataNodes, MiB, needs, nodeInfo, queryList } from '../helpers/shared-setup.ts';
import { machineState, start } from './failing-disks.ts';

const device = (options: string): string[] => ['-device', options];

/** A device of each kind, and disks without id and with policies. */
const kinds = pc(
  'kinds-of-devices',
  [],
  [
    '-blockdev',
    'driver=null-co,size=1048576,node-name=disk0',
    '-blockdev',
    'driver=null-co,size=1048576,node-name=disk1',
    '-blockdev',
    'driver=null-co,size=1048576,node-name=disk2',
    '-blockdev',
    'driver=null-co,size=1048576,node-name=disk3',
    ...device('ide-cd,id=cd,bus=ide.1'),
    ...device('floppy,id=fd'),
    ...device('virtio-scsi-pci,id=scsi'),
    ...device('virtio-blk-pci,id=vd,drive=disk0,rerror=report,werror=report'),
    ...device('scsi-hd,drive=disk1,bus=scsi.0,rerror=report,werror=report'),
    ...device('ide-hd,id=stopping,drive=disk2,bus=ide.0,unit=0,rerror=stop,werror=report'),
    ...device('ide-hd,id=ignoring,drive=disk3,bus=ide.0,unit=1,rerror=ignore,werror=ignore'),
  ],
);

/** What query-block says, by the node or else by the qdev. */
async function byNode(t: CaseContext): Promise<ReadonlyMap<string, JsonObject>> {
  return new Map(
    (await queryList(t, 'query-block')).map((info) => [
      String(isJsonObject(info.inserted) ? info.inserted['node-name'] : info.qdev),
      info,
    ]),
  );
}

const listed: Needs = { commands: ['query-block'] };
const plugs = needs(dataNodes, { commands: ['device_add', 'device_del', 'query-block', 'cont'] });

/** Adds a SCSI disk on the node, under an id. */
async function plug(t: CaseContext, node: string): Promise<string> {
  const id = t.name('hd');
  await t.execute('device_add', { driver: 'scsi-hd', id, drive: node, bus: 'scsi.0' });
  return id;
}

export const attachedDevices: readonly CaseDefinition[] = [
  {
    id: 'query-block/guest-devices',
    title:
      'Each guest device is listed with its id, or with its QOM path where it has none or is within another',
    requirements: ['query-block/qdev', 'query-block/every-device'],
    needs: listed,
    topology: kinds,
    async run(t: CaseContext) {
      const found = await byNode(t);
      const told = ['cd', 'fd', 'disk0', 'disk2', 'disk3'].map((name) => found.get(name)?.qdev ?? null);
      t.equal(
        told,
        ['cd', 'fd', '/machine/peripheral/vd/virtio-backend', 'stopping', 'ignoring'],
        'qdev must be the id of the device, or its QOM path',
      );
      const path = found.get('disk1')?.qdev;
      t.check(
        typeof path === 'string' && path.startsWith('/machine/'),
        'the qdev of a device without id must be its QOM path',
        `it is ${shown(path)}`,
      );
    },
  },
  {
    id: 'query-block/removable-and-trays',
    title: 'CD and floppy drives are removable, disks are not; of all of them a CD drive alone has a tray',
    requirements: ['query-block/removable', 'query-block/tray', 'query-block/tray-open'],
    needs: listed,
    topology: kinds,
    async run(t: CaseContext) {
      const found = await byNode(t);
      for (const [name, removable, tray] of [
        ['cd', true, false],
        ['fd', true, null],
        ['disk0', false, null],
        ['disk1', false, null],
        ['disk2', false, null],
      ] as const) {
        const { removable: is, tray_open: open = null } = found.get(name) ?? {};
        t.equal(
          [is ?? null, open],
          [removable, tray],
          `removable and tray_open of ${name} must be those of its kind`,
        );
      }
    },
  },
  {
    id: 'query-block/io-status-by-policy',
    title: 'io-status is there, and ok, exactly for devices of which an error can stop the machine',
    requirements: ['query-block/io-status', 'BlockDeviceIoStatus/ok'],
    needs: listed,
    topology: kinds,
    async run(t: CaseContext) {
      const found = await byNode(t);
      const told = ['fd', 'disk0', 'disk1', 'disk2', 'disk3'].map(
        (name) => found.get(name)?.['io-status'] ?? null,
      );
      t.equal(told, [null, null, null, 'ok', null], 'io-status must be there where the policy stops');
    },
  },
  {
    id: 'blockdev-del/guest-device',
    title: 'A node that a guest device uses is not deleted; it is once the device has gone',
    requirements: ['blockdev-del/attached', 'DEVICE_DELETED/emitted'],
    needs: needs(plugs, { events: ['DEVICE_DELETED'] }),
    topology: kinds,
    async run(t: CaseContext) {
      const node = await addNode(t);
      const id = await plug(t, node);
      await t.refused('blockdev-del', { 'node-name': node }, { text: /in use/ });
      t.contains((await byNode(t)).get(node) ?? null, { qdev: id }, 'query-block must list the new device');
      await t.execute('device_del', { id });
      await t.event('DEVICE_DELETED', { device: id });
      t.check(!(await byNode(t)).has(node), 'query-block must not list a device that has gone', 'it does');
      await t.execute('blockdev-del', { 'node-name': node });
    },
  },
  {
    id: 'blockdev-mirror/target-of-a-guest',
    title: 'A node that a guest device uses is no target of a mirror; once it is free it is',
    requirements: ['blockdev-mirror/target-of-a-guest'],
    needs: needs(plugs, { commands: ['blockdev-mirror', 'block-job-cancel'], events: ['DEVICE_DELETED'] }),
    topology: kinds,
    async run(t: CaseContext) {
      const [source, target] = [await addNode(t), await addNode(t)];
      const id = await plug(t, target);
      const mirror = { 'job-id': t.name('job'), device: source, target, sync: 'full' };
      await t.refused('blockdev-mirror', mirror);
      t.check((await byNode(t)).has(target), 'the device must keep its node', 'it has lost it');
      await t.execute('device_del', { id });
      await t.event('DEVICE_DELETED', { device: id });
      await t.execute('blockdev-mirror', mirror);
      await t.event('BLOCK_JOB_READY', { device: mirror['job-id'] });
      await t.execute('block-job-cancel', { device: mirror['job-id'] });
      await t.event('BLOCK_JOB_COMPLETED', { device: mirror['job-id'] });
    },
  },
  {
    id: 'block_resize/of-a-running-guest',
    title: 'The node of a guest device is resized while the machine runs, and query-block tells the new size',
    requirements: ['block_resize/guest-may-run'],
    needs: needs(plugs, {
      commands: ['block_resize', 'query-status'],
      drivers: ['file', 'raw'],
      capabilities: ['sharedFiles'],
      events: ['DEVICE_DELETED'],
    }),
    topology: kinds,
    async run(t: CaseContext) {
      const { name: node } = await addRaw(t, MiB);
      const id = await plug(t, node);
      await start(t);
      t.equal(
        await t.execute('block_resize', { 'node-name': node, size: 2 * MiB }),
        {},
        'block_resize must return an empty object',
      );
      t.contains(
        (await byNode(t)).get(node) ?? null,
        { qdev: id, inserted: { image: { 'virtual-size': 2 * MiB } } },
        'query-block must tell the new size',
      );
      t.contains(await nodeInfo(t, node), { image: { 'virtual-size': 2 * MiB } }, 'so must the node');
      t.equal(await machineState(t), 'running', 'the machine must run on');
      await t.execute('device_del', { id });
      await t.event('DEVICE_DELETED', { device: id });
    },
  },
];
