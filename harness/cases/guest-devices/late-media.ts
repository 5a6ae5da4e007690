/** Media later in the life of a drive: of devices that were plugged, of nodes that others have, by other names of files, of disks. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { insertedIn } from '../helpers/device-info.ts';
import { pc } from '../helpers/ide-guest.ts';
import { addNode, dataNodes, findNode, KiB, needs } from '../helpers/shared-setup.ts';
import { exchangingMachine } from './exchanging-machine.ts';
import { mediumIs, moved, noneMoved, trayIs, trayNeeds } from './tray-topology.ts';

const OPEN = 'blockdev-open-tray';
const CLOSE = 'blockdev-close-tray';
const CHANGE = 'blockdev-change-medium';
const INSERT = 'blockdev-insert-medium';
const REMOVE = 'blockdev-remove-medium';

const SIZE = 64 * KiB;

/** Disks whose media stay, by drive: the id or path of the device, and its options. */
const FIXED = [
  ['v0', '/machine/peripheral/vd/virtio-backend', 'virtio-blk-pci,id=vd'],
  ['u0', null, 'usb-storage,id=usb,bus=ehci.0'],
  ['s0', 'shd', 'scsi-hd,id=shd,bus=scsi.0'],
  ['i0', 'ihd', 'ide-hd,id=ihd,bus=ide.0'],
] as const;

const fixedDisks = pc(
  'fixed-disks',
  [{ path: 'other.img', format: 'raw', size: SIZE }],
  [
    ...['virtio-scsi-pci,id=scsi', 'usb-ehci,id=ehci'].flatMap((device) => ['-device', device]),
    ...FIXED.flatMap(([drive, , device]) => [
      '-drive',
      `if=none,id=${drive},driver=null-co,size=${SIZE},node-name=${drive}-node`,
      '-device',
      `${device},drive=${drive}`,
    ]),
  ],
);

const onExchanging = { topology: exchangingMachine, fresh: true };

export const lateMedia: readonly CaseDefinition[] = [
  {
    id: 'eject/fixed-disks',
    title: 'Disks on any controller keep their medium whatever command would take it, by drive and by device',
    requirements: [
      'eject/not-removable',
      'blockdev-change-medium/not-removable',
      'blockdev-remove-medium/unknown',
    ],
    needs: trayNeeds(OPEN, CLOSE, CHANGE, INSERT, REMOVE, 'eject'),
    topology: fixedDisks,
    fresh: true,
    async run(t: CaseContext) {
      const before = await t.execute('query-block');
      const file = { filename: `${t.dir}/other.img`, format: 'raw' };
      for (const [device, id] of FIXED) {
        for (const name of id === null ? [{ device }] : [{ device }, { id }]) {
          for (const args of [{}, { force: true }])
            await t.refused('eject', { ...name, ...args }, { text: /not removable/ });
          await t.refused(OPEN, { ...name, force: true }, { text: /not removable/ });
          await t.refused(CHANGE, { ...name, ...file }, { text: /not removable/ });
          await t.refused(CLOSE, name, { text: /not removable/ });
        }
        if (id !== null) await t.refused(REMOVE, { id }, { text: /not removable/ });
      }
      await noneMoved(t);
      for (const [device] of FIXED) await insertedIn(t, device);
      t.equal(await t.execute('query-block'), before, 'all disks must be as before');
    },
  },
  {
    id: 'blockdev-open-tray/plugged-drive',
    title:
      'The tray of a drive that was plugged moves as any, and is closed when a drive of that id is plugged again',
    requirements: ['DEVICE_TRAY_MOVED/emitted', 'DEVICE_DELETED/emitted', 'query-block/tray-open'],
    needs: needs(trayNeeds(OPEN, 'device_add', 'device_del'), { events: ['DEVICE_DELETED'] }),
    ...onExchanging,
    async run(t: CaseContext) {
      const id = t.name('cd');
      for (const _ of [1, 2]) {
        await t.execute('device_add', { driver: 'scsi-cd', id, bus: 'scsi.0' });
        await trayIs(t, id, false);
        await t.execute(OPEN, { id });
        await moved(t, id, true);
        await t.execute('device_del', { id });
        await t.event('DEVICE_DELETED', { device: id });
        await t.refused(OPEN, { id }, { class: 'DeviceNotFound' });
      }
      await noneMoved(t);
    },
  },
  {
    id: 'blockdev-insert-medium/exported-node',
    title: 'A node that an export has is no medium; once the export has gone it is',
    requirements: ['blockdev-insert-medium/unknown', 'blockdev-insert-medium/inserts'],
    needs: needs(
      dataNodes,
      trayNeeds(INSERT, REMOVE, 'nbd-server-start', 'nbd-server-add', 'nbd-server-stop'),
    ),
    ...onExchanging,
    async run(t: CaseContext) {
      const device = await addNode(t, { size: SIZE });
      const path = `${t.dir}/exported.sock`;
      await t.execute('nbd-server-start', { addr: { type: 'unix', data: { path } } });
      await t.execute('nbd-server-add', { device });
      await t.execute(REMOVE, { id: 'fd' });
      await t.refused(INSERT, { id: 'fd', 'node-name': device }, { text: /in use/ });
      await mediumIs(t, 'fd', null);
      await t.execute('nbd-server-stop');
      await t.execute(INSERT, { id: 'fd', 'node-name': device });
      await mediumIs(t, 'fd', { 'node-name': device });
    },
  },
  {
    id: 'blockdev-change-medium/of-a-client',
    title:
      'A node that a client added outlives its use as medium, however that ends, and can be deleted then',
    requirements: ['blockdev-change-medium/filename', 'eject/ejects', 'blockdev-remove-medium/removes'],
    needs: needs(dataNodes, trayNeeds(INSERT, REMOVE, CHANGE, 'eject')),
    ...onExchanging,
    async run(t: CaseContext) {
      const file = { filename: `${t.dir}/d1.img`, format: 'raw' };
      for (const [command, args] of [
        [CHANGE, { id: 'fd', ...file }],
        ['eject', { id: 'fd' }],
        ['eject', { device: 'd5', force: true }],
        [REMOVE, { id: 'fd' }],
        [CHANGE, { device: 'd5', ...file }],
      ] as const) {
        const node = await addNode(t, { size: SIZE });
        await t.execute(REMOVE, { id: 'fd' });
        await t.execute(INSERT, { id: 'fd', 'node-name': node });
        await t.refused('blockdev-del', { 'node-name': node });
        await t.execute(command, args);
        t.check((await findNode(t, node)) !== undefined, 'the node must outlive its use', 'it is gone');
        await t.execute('blockdev-del', { 'node-name': node });
      }
    },
  },
  {
    id: 'blockdev-change-medium/names-of-files',
    title: 'A name that begins with its protocol leads to the image that it tells',
    requirements: ['blockdev-change-medium/filename'],
    needs: trayNeeds(CHANGE),
    ...onExchanging,
    async run(t: CaseContext) {
      const path = `${t.dir}/d1.img`;
      await t.execute(CHANGE, { id: 'cd', filename: `file:${path}`, format: 'raw' });
      await mediumIs(t, 'cd', { drv: 'raw', file: path });
    },
  },
];
