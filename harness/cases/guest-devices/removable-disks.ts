/** Removable disks that are no CDs: one that could be written at first wants to write its later media, too. */
import type { CaseContext, CaseDefinition } from '../case.ts';
import { deviceInfo } from '../helpers/device-info.ts';
import { pc } from '../helpers/ide-guest.ts';
import { addNode, dataNodes, KiB, makeFile, needs } from '../helpers/shared-setup.ts';
import { mediumIs, trayNeeds } from './tray-topology.ts';

const OPEN = 'blockdev-open-tray';
const CLOSE = 'blockdev-close-tray';
const CHANGE = 'blockdev-change-medium';
const INSERT = 'blockdev-insert-medium';
const REMOVE = 'blockdev-remove-medium';

const SIZE = 64 * KiB;

/** Ids of disks by the mode of their first medium; their drives are called by them with `-drive` behind. */
const DISKS = [
  { id: 'hd', model: 'scsi-hd', bus: 'scsi.0', readOnly: false },
  { id: 'stick', model: 'usb-storage', bus: 'ehci.0', readOnly: false },
  { id: 'read-hd', model: 'scsi-hd', bus: 'scsi.0', readOnly: true },
  { id: 'read-stick', model: 'usb-storage', bus: 'ehci.0', readOnly: true },
] as const;

const machine = pc(
  'removable-disks',
  DISKS.map(({ id }) => ({ path: `${id}.img`, format: 'raw', size: SIZE })),
  [
    ...['virtio-scsi-pci,id=scsi', 'usb-ehci,id=ehci'].flatMap((device) => ['-device', device]),
    ...DISKS.flatMap(({ id, model, bus, readOnly }) => [
      '-drive',
      `if=none,id=${id}-drive,file=@DIR@/${id}.img,format=raw,read-only=${readOnly ? 'on' : 'off'}`,
      '-device',
      `${model},id=${id},bus=${bus},drive=${id}-drive,removable=on`,
    ]),
  ],
);

/** What disks are called by: the names of their drives, and the devices that use these. */
async function disksOf(
  t: CaseContext,
  readOnly: boolean,
): Promise<{ drive: string; device: { id: string } }[]> {
  const found: { drive: string; device: { id: string } }[] = [];
  for (const { id } of DISKS.filter((disk) => disk.readOnly === readOnly)) {
    const drive = `${id}-drive`;
    const { qdev = null } = await deviceInfo(t, drive);
    found.push({ drive, device: { id: String(qdev) } });
  }
  return found;
}

const common = { topology: machine, fresh: true };

export const removableDisks: readonly CaseDefinition[] = [
  {
    id: 'blockdev-change-medium/disks-that-write',
    title: 'A removable disk that could be written at first gets no image that is read-only, and then others',
    requirements: ['BlockdevChangeReadOnlyMode/read-only', 'BlockdevChangeReadOnlyMode/retain'],
    needs: trayNeeds(CHANGE, 'eject'),
    ...common,
    async run(t: CaseContext) {
      for (const { drive, device } of await disksOf(t, false)) {
        const { path: filename } = await makeFile(t, Buffer.alloc(SIZE));
        const image = { device: drive, filename, format: 'raw' };
        await t.execute('eject', device);
        await t.refused(CHANGE, { ...image, 'read-only-mode': 'read-only' });
        await mediumIs(t, drive, null);
        await t.execute(CHANGE, image);
        await mediumIs(t, drive, { file: filename, ro: false });
      }
    },
  },
  {
    id: 'blockdev-insert-medium/disks-that-write',
    title: 'A removable disk that could be written at first takes no node that is read-only, and then others',
    requirements: ['blockdev-insert-medium/inserts', 'blockdev-remove-medium/removes'],
    needs: needs(dataNodes, trayNeeds(OPEN, REMOVE, INSERT)),
    ...common,
    async run(t: CaseContext) {
      for (const { drive, device } of await disksOf(t, false)) {
        await t.execute(OPEN, device);
        await t.execute(REMOVE, device);
        const fixed = await addNode(t, { size: SIZE, 'read-only': true });
        await t.refused(INSERT, { ...device, 'node-name': fixed });
        await mediumIs(t, drive, null);
        const writable = await addNode(t, { size: SIZE });
        await t.execute(INSERT, { ...device, 'node-name': writable });
        await mediumIs(t, drive, { 'node-name': writable, ro: false });
      }
    },
  },
  {
    id: 'blockdev-change-medium/disks-that-read',
    title: 'A removable disk whose first medium was read-only gets images and nodes of either mode',
    requirements: [
      'BlockdevChangeReadOnlyMode/read-only',
      'BlockdevChangeReadOnlyMode/read-write',
      'BlockdevChangeReadOnlyMode/retain',
      'blockdev-insert-medium/inserts',
      'blockdev-remove-medium/removes',
    ],
    needs: needs(dataNodes, trayNeeds(OPEN, CLOSE, REMOVE, INSERT, CHANGE)),
    ...common,
    async run(t: CaseContext) {
      for (const { drive, device } of await disksOf(t, true)) {
        for (const [mode, ro] of [
          [undefined, true],
          ['read-write', false],
          ['retain', false],
          ['read-only', true],
        ] as const) {
          const { path: filename } = await makeFile(t, Buffer.alloc(SIZE));
          const how = mode !== undefined && { 'read-only-mode': mode };
          await t.execute(CHANGE, { device: drive, filename, format: 'raw', ...how });
          await mediumIs(t, drive, { file: filename, ro });
        }
        for (const ro of [true, false]) {
          const node = await addNode(t, { size: SIZE, 'read-only': ro });
          await t.execute(OPEN, device);
          await t.execute(REMOVE, device);
          await mediumIs(t, drive, null);
          await t.execute(INSERT, { ...device, 'node-name': node });
          await t.execute(CLOSE, device);
          await mediumIs(t, drive, { 'node-name': node, ro });
        }
      }
    },
  },
];
