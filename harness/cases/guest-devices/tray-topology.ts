/** A machine with devices that have trays, or media that can be exchanged, or neither; and what cases ask of them. */
import type { JsonObject } from '../../../spec/json.ts';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, Needs } from '../case.ts';
import { shown } from '../case-text.ts';
import { deviceInfo } from '../helpers/device-info.ts';
import { IdeDrive, pc } from '../helpers/ide-guest.ts';
import { KiB } from '../helpers/shared-setup.ts';

const SIZE = 64 * KiB;

/** Bytes of the medium that is in at first, and of another image. */
export const FIRST = 0x11;
export const OTHER = 0x22;

/** File names in the scratch folder. */
export const FIRST_FILE = 'first.iso';
export const OTHER_FILE = 'other.iso';

const images = [FIRST_FILE, OTHER_FILE].map((path, index) => ({
  path,
  format: 'raw',
  size: SIZE,
  fill: [{ offset: 0, length: SIZE, byte: [FIRST, OTHER][index]! }],
}));

const medium = `if=none,id=d0,file=@DIR@/${FIRST_FILE},format=raw,read-only=on,node-name=first`;

/**
 * IDE CD drive `cd` on drive `d0` with a medium, empty floppy drive `fd`, empty SCSI CD drive `scd`, disk `hd` on drive
 * `h0`.
 */
export const trayMachine = pc('trays', images, [
  '-drive',
  medium,
  '-device',
  'ide-cd,id=cd,drive=d0,bus=ide.1',
  '-device',
  'floppy,id=fd',
  '-device',
  'virtio-scsi-pci,id=scsi',
  '-device',
  'scsi-cd,id=scd,bus=scsi.0',
  '-drive',
  'if=none,id=h0,driver=null-co,size=65536,node-name=disk',
  '-device',
  'scsi-hd,id=hd,drive=h0,bus=scsi.0',
]);

/** Drive `d0` with a medium and drive `e0` without, no guest device. */
export const bareDrives: Topology = {
  name: 'bare-removable',
  images,
  options: ['-drive', medium, '-drive', 'if=none,id=e0'],
  monitors: 1,
};

/** The CD drive of `trayMachine`, as commands name it. */
export const CD = { id: 'cd' };

/** Classes that endpoints refuse an unknown device with. */
export const UNKNOWN = ['DeviceNotFound', 'GenericError'];

/** What a case with trays uses. */
export const trayNeeds = (...commands: string[]): Needs => ({
  commands: ['query-block', ...commands],
  events: ['DEVICE_TRAY_MOVED'],
});

/** The CD drive as the guest sees it. */
export const cdGuest = (t: CaseContext): IdeDrive => new IdeDrive(t, 'ide.1');

/** The tray must be so. */
export async function trayIs(t: CaseContext, id: string, open: boolean): Promise<void> {
  t.contains(
    await deviceInfo(t, id),
    { tray_open: open },
    `the tray of ${id} must be ${open ? 'open' : 'closed'}`,
  );
}

/** The event of a tray that moved must have come before what returned last; takes it. */
export async function moved(t: CaseContext, id: string, open: boolean, device = ''): Promise<void> {
  const isThat = ({ event, data }: { event: string; data?: unknown }): boolean =>
    event === 'DEVICE_TRAY_MOVED' && (data as JsonObject).id === id;
  t.check(t.told().some(isThat), 'DEVICE_TRAY_MOVED must come before the command returns', 'it did not come');
  const { data } = await t.event('DEVICE_TRAY_MOVED');
  t.equal(
    data ?? null,
    { device, id, 'tray-open': open },
    'DEVICE_TRAY_MOVED must tell the device and how its tray is',
  );
}

/** No tray may have moved. */
export async function noneMoved(t: CaseContext): Promise<void> {
  await t.roundTrip();
  const told = t.pending().filter(({ event }) => event === 'DEVICE_TRAY_MOVED');
  t.check(told.length === 0, 'no DEVICE_TRAY_MOVED must come', `one came: ${shown(told[0]?.data)}`);
}

/** The guest must read a block full of `byte` from the CD, or none where that is null. */
export async function guestReads(t: CaseContext, byte: number | null): Promise<void> {
  const { ok, data } = await cdGuest(t).readCd();
  if (byte === null) t.check(!ok, 'the guest must not get at a medium of an open tray', 'it reads it');
  else
    t.check(
      ok && data.equals(Buffer.alloc(2048, byte)),
      'the guest must read the medium',
      ok ? 'it reads something else' : 'it cannot',
    );
}

/** The medium must be this node or file; null is none. */
export async function mediumIs(
  t: CaseContext,
  name: string,
  inserted: JsonObject | null,
): Promise<JsonObject> {
  const info = await deviceInfo(t, name);
  if (inserted === null)
    t.check(!('inserted' in info), 'the device must have no medium', `it has ${shown(info.inserted)}`);
  else t.contains(info, { inserted }, 'the device must have its medium');
  return info;
}
