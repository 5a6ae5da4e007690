/** Limits of drives that only their guest devices name: their groups, and where they go with the devices. */
import { isJsonObject } from '../../../spec/json.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { insertedIn } from '../helpers/device-info.ts';
import { pc } from '../helpers/ide-guest.ts';
import { addNode, KiB, needs, queryList } from '../helpers/shared-setup.ts';
import { addGroup, groupOf, limitsOf, NO_LIMIT, throttleNodes } from '../helpers/throttling.ts';

const machine = pc(
  'limits-of-devices',
  [],
  [
    '-device',
    'virtio-scsi-pci,id=scsi',
    ...['h0', 'h1', 'h2'].flatMap((id) => [
      '-blockdev',
      `driver=null-co,size=65536,node-name=of-${id}`,
      '-device',
      `scsi-hd,id=${id},drive=of-${id},bus=scsi.0`,
    ]),
    '-device',
    'scsi-cd,id=cd,bus=scsi.0',
    ...['a0', 'a1'].flatMap((name) => [
      '-blockdev',
      `driver=null-co,size=65536,node-name=of-${name}`,
      '-device',
      `scsi-hd,drive=of-${name},bus=scsi.0`,
    ]),
    '-drive',
    'if=none,id=d0,driver=null-co,size=65536',
    '-device',
    'scsi-hd,id=of-d0,drive=d0,bus=scsi.0',
  ],
);

const limitDevice = (t: CaseContext, id: string, given: object) =>
  t.execute('block_set_io_throttle', { id, ...NO_LIMIT, ...given });

async function limitedTo(t: CaseContext, id: string, bps: number, group: string): Promise<void> {
  t.contains(await limitsOf(t, id), { ...NO_LIMIT, bps, group }, `${id} must have the limits of its group`);
}

async function unlimited(t: CaseContext, id: string): Promise<void> {
  const { group } = await insertedIn(t, id);
  t.check(group === undefined, `${id} must be in no group`, `it is in ${String(group)}`);
}

/** The cases of limits by device. */
export const limitsOfDevices: readonly CaseDefinition[] = [
  {
    id: 'block_set_io_throttle/unnamed-drives',
    title:
      'A drive without a name is limited by its device, after which its group is named and with which it leaves it',
    requirements: ['BlockIOThrottle/id', 'block_set_io_throttle/group', 'BlockDeviceInfo/group'],
    needs: needs(throttleNodes, {
      commands: ['block_set_io_throttle', 'query-block', 'device_del'],
      events: ['DEVICE_DELETED'],
      drivers: ['null-co'],
    }),
    topology: machine,
    fresh: true,
    async run(t: CaseContext) {
      const ids = ['h0', 'h1'];
      for (const [index, id] of ids.entries()) await limitDevice(t, id, { bps: 100 + index });
      for (const [index, id] of ids.entries()) await limitedTo(t, id, 100 + index, id);
      await unlimited(t, 'h2');
      const group = t.name('group');
      for (const id of ids) await limitDevice(t, id, { bps: 300, group });
      await limitDevice(t, 'h0', { bps: 400 });
      for (const id of ids) await limitedTo(t, id, 400, group);
      for (const id of ids) {
        const own = await addGroup(t, {});
        await t.execute('object-del', { id: own });
        await t.refused('object-add', groupOf(t, group, {}));
        await t.execute('device_del', { id });
        await t.event('DEVICE_DELETED', { device: id });
        if (id === 'h0') await limitedTo(t, 'h1', 400, group);
      }
      await t.execute('object-add', groupOf(t, group, { 'bps-total': 500 }));
      await unlimited(t, 'h2');
      await t.execute('object-del', { id: group });
    },
  },
  {
    id: 'block_set_io_throttle/devices-without-id',
    title: 'A guest device without an id is named by its QOM path, which names its group too',
    requirements: ['BlockIOThrottle/id', 'block_set_io_throttle/group'],
    needs: { commands: ['block_set_io_throttle', 'query-block'], drivers: ['null-co'] },
    topology: machine,
    async run(t: CaseContext) {
      const devices = await queryList(t, 'query-block');
      const pathOf = (node: string): string =>
        String(
          devices.find(({ inserted = null }) => isJsonObject(inserted) && inserted['node-name'] === node)
            ?.qdev,
        );
      const paths = ['of-a0', 'of-a1'].map(pathOf);
      for (const [index, path] of paths.entries()) await limitDevice(t, path, { bps: 100 + index });
      for (const [index, path] of paths.entries()) await limitedTo(t, path, 100 + index, path);
      await limitDevice(t, paths[1]!, {});
      await limitedTo(t, paths[0]!, 100, paths[0]!);
      await unlimited(t, paths[1]!);
      await limitDevice(t, paths[0]!, {});
    },
  },
  {
    id: 'block_set_io_throttle/drive-or-device',
    title: 'device is no id of a guest device, and id is no name of a drive, though one is of the other',
    requirements: ['BlockIOThrottle/id', 'block_set_io_throttle/device-unknown'],
    needs: { commands: ['block_set_io_throttle', 'query-block'], drivers: ['null-co'] },
    topology: machine,
    async run(t: CaseContext) {
      const limits = { ...NO_LIMIT, bps: 100 };
      for (const wrong of [
        { id: 'd0' },
        { device: 'of-d0' },
        { id: 'of-h0' },
        { device: 'of-h0' },
        { device: '' },
      ])
        await t.refused('block_set_io_throttle', { ...wrong, ...limits }, { class: 'DeviceNotFound' });
      for (const id of ['of-d0', 'h0']) await unlimited(t, id);
      for (const right of [{ device: 'd0' }, { id: 'of-d0' }])
        await t.execute('block_set_io_throttle', { ...right, ...NO_LIMIT });
    },
  },
  {
    id: 'block_set_io_throttle/without-medium',
    title:
      'A drive without a medium takes no limits, and has none when it gets one; then it takes and keeps them',
    requirements: ['BlockIOThrottle/id', 'block_set_io_throttle/sets'],
    needs: needs(throttleNodes, {
      commands: [
        'block_set_io_throttle',
        'query-block',
        'blockdev-open-tray',
        'blockdev-insert-medium',
        'blockdev-remove-medium',
      ],
      drivers: ['null-co'],
    }),
    topology: machine,
    fresh: true,
    async run(t: CaseContext) {
      const group = t.name('group');
      const medium = { id: 'cd', 'node-name': await addNode(t, { size: 64 * KiB }) };
      const limits = { id: 'cd', ...NO_LIMIT, bps: 100, group };
      await t.execute('blockdev-open-tray', { id: 'cd' });
      await t.refused('block_set_io_throttle', limits);
      await t.execute('object-add', groupOf(t, group, {}));
      await t.execute('object-del', { id: group });
      await t.execute('blockdev-insert-medium', medium);
      await unlimited(t, 'cd');
      await t.execute('block_set_io_throttle', limits);
      await limitedTo(t, 'cd', 100, group);
      await t.execute('blockdev-remove-medium', { id: 'cd' });
      await t.refused('block_set_io_throttle', { ...limits, bps: 200 });
      await t.execute('blockdev-insert-medium', medium);
      await limitedTo(t, 'cd', 100, group);
    },
  },
];
