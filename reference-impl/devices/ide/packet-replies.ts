/** The data that packet commands of a CD drive give, as the MMC and SPC standards lay them out. */
import type { CdMedium } from './cd-medium.ts';
import type { DriveLabels } from './ide-backing.ts';
import { padded } from './identify-data.ts';
import { type Sense, Senses } from './sense.ts';

const VENDOR = 'QEMU';
const PRODUCT = 'QEMU DVD-ROM';
/** Blocks of the largest CD; more is a DVD. */
const MOST_CD_BLOCKS = 80 * 60 * 75;
const FRAMES_A_SECOND = 75;
/** Frames before block 0. */
const LEAD = 2 * FRAMES_A_SECOND;
const FIRST_TRACK = 1;
const LEAD_OUT = 0xaa;

/** 36 bytes. */
export function inquiry({ version }: DriveLabels): Buffer {
  const head = [0x05, 0x80, 0x00, 0x21, 31, 0, 0, 0];
  return Buffer.concat([Buffer.from(head), padded(VENDOR, 8), padded(PRODUCT, 16), padded(version, 4)]);
}

/** Undefined for a page that the drive lacks or that does not fit into `room` bytes; all but the first designator may be left out. */
export function vitalProductData(
  page: number,
  room: number,
  { serial, model, wwn }: DriveLabels,
): Buffer | undefined {
  if (page === 0x00) return Buffer.from([0x05, 0x00, 0x00, 0x02, 0x00, 0x83]);
  if (page !== 0x83) return undefined;
  const name = Buffer.concat([padded('ATA', 8), padded(model ?? PRODUCT, 40), padded(serial, 20)]);
  const designators = [
    Buffer.concat([Buffer.from([0x02, 0x00, 0x00, 20]), padded(serial, 20)]),
    Buffer.concat([Buffer.from([0x02, 0x01, 0x00, name.length]), name]),
  ];
  if (wwn !== 0n) {
    const wide = Buffer.alloc(8);
    wide.writeBigUInt64BE(wwn);
    designators.push(Buffer.concat([Buffer.from([0x01, 0x03, 0x00, wide.length]), wide]));
  }
  let body = Buffer.alloc(0);
  for (const designator of designators) {
    if (4 + body.length + designator.length > room) break;
    body = Buffer.concat([body, designator]);
  }
  if (body.length === 0) return undefined;
  return Buffer.concat([Buffer.from([0x05, 0x83, body.length >> 8, body.length & 0xff]), body]);
}

/** A block's address in 4 bytes: its number, or minute, second and frame. */
function address(block: number, isTime: boolean): readonly number[] {
  if (!isTime) return [block >>> 24, (block >> 16) & 0xff, (block >> 8) & 0xff, block & 0xff];
  const frames = block + LEAD;
  const seconds = Math.floor(frames / FRAMES_A_SECOND);
  return [0, Math.floor(seconds / 60) & 0xff, seconds % 60, frames % FRAMES_A_SECOND];
}

/** One data track, and the lead-out behind it. Undefined for what there is not. */
export function tableOfContents(
  format: number,
  from: number,
  isTime: boolean,
  blocks: number,
): Buffer | undefined {
  switch (format) {
    case 0:
      return tracks(from, isTime, blocks);
    case 1:
      return Buffer.concat([Buffer.from([0, 10, 1, 1]), Buffer.alloc(8)]);
    case 2:
      return rawContents(isTime, blocks);
    default:
      return undefined;
  }
}

function tracks(from: number, isTime: boolean, blocks: number): Buffer | undefined {
  if (from > FIRST_TRACK && from !== LEAD_OUT) return undefined;
  const first = from <= FIRST_TRACK ? [0, 0x14, FIRST_TRACK, 0, ...address(0, isTime)] : [];
  const body = [1, 1, ...first, 0, 0x16, LEAD_OUT, 0, ...address(blocks, isTime)];
  return Buffer.from([0, body.length, ...body]);
}

function rawContents(isTime: boolean, blocks: number): Buffer {
  const entry = (point: number, where: readonly number[]) => [1, 0x14, 0, point, 0, 0, 0, ...where];
  const body = [
    1,
    1,
    ...entry(0xa0, [0, 1, 0, 0]),
    ...entry(0xa1, [0, 1, 0, 0]),
    ...entry(0xa2, address(blocks, isTime)),
    ...entry(FIRST_TRACK, address(0, isTime)),
  ];
  return Buffer.from([0, body.length, ...body]);
}

/** A block in its frame of 2352 bytes: synchronisation, address, mode 1, the data, and no correction codes. */
export function frameOf(block: number, data: Buffer): Buffer {
  const frame = Buffer.alloc(2352);
  frame.fill(0xff, 1, 11);
  frame.set([...address(block, true).slice(1), 1], 12);
  data.copy(frame, 16);
  return frame;
}

/** The profiles of the drive. `blocks`: those of the medium; undefined without one. */
export function configuration(blocks: number | undefined): Buffer {
  const [DVD, CD] = [0x10, 0x08];
  const current = blocks === undefined ? 0 : blocks > MOST_CD_BLOCKS ? DVD : CD;
  const profile = (number: number) => [0, number, current === number ? 1 : 0, 0];
  return Buffer.from([0, 0, 0, 16, 0, 0, 0, current, 0, 0, 3, 8, ...profile(DVD), ...profile(CD)]);
}

/** What has happened to the medium, and how it is; without it, that nothing else is told. */
export function mediaEvent(medium: CdMedium | undefined): Buffer {
  if (medium === undefined) return Buffer.from([0, 0, 0x80, 0x10]);
  const state = (medium.tray.open ? 1 : 0) | (medium.isPresent ? 2 : 0);
  return Buffer.from([0, 4, 4, 0x10, medium.takeEvent(), state, 0, 0]);
}

/** Of a finished disc with one session and one track. */
export function discInformation(): Buffer {
  const data = Buffer.alloc(34);
  data.set([0, 32, 0x0e, 1, 1, 1, 1, 0x20]);
  return data;
}

/** One slot, and nothing in it moves. */
export function mechanismStatus(): Buffer {
  return Buffer.from([0, 0, 0, 0, 0, 1, 0, 0]);
}

const CAPABILITIES = 0x2a;
const PAGES: readonly (readonly number[])[] = [
  // Read error recovery.
  [0x01, 0x06, 0x00, 0x05, ...new Uint8Array(4)],
  // Audio control.
  [0x0e, 0x0e, ...new Uint8Array(14)],
  // Capabilities.
  [0x2a, 0x14, 0x3b, 0, 0x71, 0x60, 0x29, 0, 2, 0xc0, 0, 2, 2, 0, 2, 0xc0, ...new Uint8Array(6)],
];
/** Of the capabilities: where it is told whether the tray is locked. */
const LOCK = { byte: 6, bit: 0x02 } as const;

/** A page with its header; undefined for one that the drive lacks. */
export function modePage(code: number, isLocked: boolean): Buffer | undefined {
  const page = PAGES.find(([own]) => own === code);
  if (page === undefined) return undefined;
  const data = Buffer.from([0, 6 + page.length, 0x70, 0, 0, 0, 0, 0, ...page]);
  if (code === CAPABILITIES && isLocked) data[8 + LOCK.byte]! |= LOCK.bit;
  return data;
}

/** Structures that READ DVD STRUCTURE can be asked for. */
const DvdFormat = { physical: 0x00, copyright: 0x01, manufacturer: 0x04, list: 0xff } as const;

/** The structure, or why there is none. `layer` is taken to be the only one. */
export function dvdStructure(media: number, format: number, medium: CdMedium): Buffer | Sense {
  if (format !== DvdFormat.list && medium.blocks <= MOST_CD_BLOCKS) return Senses.wrongMedium;
  if (media !== 0) return Senses.invalidField;
  switch (format) {
    case DvdFormat.physical:
      return physicalFormat(medium.blocks);
    case DvdFormat.copyright:
      return Buffer.from([0, 6, 0, 0, 0, 0, 0, 0]);
    case DvdFormat.manufacturer:
      return withLength(Buffer.alloc(2048));
    case DvdFormat.list: {
      const can = (code: number, length: number) => [code, 0x40, length >> 8, length & 0xff];
      return withLength(Buffer.from([...can(0, 2052), ...can(1, 8), ...can(3, 192), ...can(4, 2052)]));
    }
    default:
      return Senses.invalidField;
  }
}

function physicalFormat(blocks: number): Buffer {
  const data = Buffer.alloc(2048);
  // DVD-ROM of version 1, 120 mm.
  data.set([0x01, 0x0f, 0x01, 0x00]);
  data.writeUInt32BE(blocks - 1, 8);
  data.writeUInt32BE(blocks - 1, 12);
  return withLength(data);
}

function withLength(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(body.length + 2) >> 8, (body.length + 2) & 0xff, 0, 0]), body]);
}
