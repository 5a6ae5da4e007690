/** A machine with a drive of each kind that media come to and go from, and what cases of all of them ask. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext } from '../case.ts';
import { deviceInfo } from '../helpers/device-info.ts';
import { pc } from '../helpers/ide-guest.ts';
import { KiB } from '../helpers/shared-setup.ts';

/** A drive that media come to and go from. */
export interface Exchanging {
  readonly drive: string;
  /** Its medium at first; null: it is empty. */
  readonly node: string | null;
  /** Options of its device; null: it has none. */
  readonly device: string | null;
  readonly tray: boolean;
}

/** Drives by controller, with and without a tray, a medium, an id of their device. */
export const EXCHANGING: readonly Exchanging[] = [
  { drive: 'd0', node: 'n0', device: 'ide-cd,id=cd,bus=ide.1,unit=0', tray: true },
  { drive: 'd1', node: null, device: 'ide-cd,id=cd2,bus=ide.1,unit=1', tray: true },
  { drive: 'd2', node: 'n2', device: 'scsi-cd,bus=scsi.0', tray: true },
  { drive: 'd3', node: 'n3', device: 'scsi-hd,id=stick,bus=scsi.0,removable=on', tray: true },
  { drive: 'd4', node: 'n4', device: 'usb-storage,id=usb,bus=ehci.0,removable=on', tray: true },
  { drive: 'd5', node: 'n5', device: 'floppy,id=fd', tray: false },
  { drive: 'd6', node: 'n6', device: null, tray: false },
];

const SIZE = 64 * KiB;

/** The PC with these drives, and with a CD drive `scd` and a disk `hd` that have no named drive. */
export const exchangingMachine = pc(
  'exchanging',
  EXCHANGING.map(({ drive }) => ({ path: `${drive}.img`, format: 'raw', size: SIZE })),
  [
    ...['virtio-scsi-pci,id=scsi', 'usb-ehci,id=ehci'].flatMap((device) => ['-device', device]),
    ...EXCHANGING.flatMap(({ drive, node, device }) => [
      '-drive',
      `if=none,id=${drive}${node === null ? '' : `,file=@DIR@/${drive}.img,format=raw,node-name=${node}`}`,
      ...(device === null ? [] : ['-device', `${device},drive=${drive}`]),
    ]),
    '-device',
    'scsi-cd,id=scd,bus=scsi.0',
    '-blockdev',
    `driver=null-co,size=${SIZE},node-name=disk`,
    '-device',
    'scsi-hd,id=hd,bus=scsi.0,drive=disk',
  ],
);

/** A drive, and what it is called by turns. */
export interface Called {
  /** What its device is called in events and by query-block; null: it has none. */
  readonly qdev: string | null;
  /** The next of its names, as arguments: its own, that of its device, the path of that. */
  next(): JsonObject;
}

/** Calls a drive by each of its names in turn, or by those of its device alone. */
export async function called(
  t: CaseContext,
  { drive }: Exchanging,
  { onlyIds = false } = {},
): Promise<Called> {
  const { qdev = null } = await deviceInfo(t, drive);
  const names: JsonObject[] = onlyIds ? [] : [{ device: drive }];
  if (typeof qdev === 'string') {
    names.push({ id: qdev });
    if (!qdev.startsWith('/')) names.push({ id: `/machine/peripheral/${qdev}` });
  }
  let turn = 0;
  return { qdev: typeof qdev === 'string' ? qdev : null, next: () => names[turn++ % names.length]! };
}

/** The tray of a drive must have moved so since this was asked last, by what events tell; one that has none must not. */
export async function movedSo(
  t: CaseContext,
  { drive, tray }: Exchanging,
  { qdev }: Called,
  moves: readonly boolean[],
): Promise<void> {
  await t.roundTrip();
  const told = t.pending().filter(({ event }) => event === 'DEVICE_TRAY_MOVED');
  for (const { event } of told) await t.event(event);
  t.equal(
    told.map(({ data = null }) => data),
    tray ? moves.map((open) => ({ device: drive, id: qdev, 'tray-open': open })) : [],
    `DEVICE_TRAY_MOVED must come whenever the tray of ${drive} moves, and at no other time`,
  );
}
