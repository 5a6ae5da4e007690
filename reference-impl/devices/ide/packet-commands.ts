/** The packet commands of a CD drive, by their codes in the MMC and SPC standards. */
import type { AtapiDrive } from './atapi-drive.ts';
import {
  configuration,
  discInformation,
  dvdStructure,
  frameOf,
  inquiry,
  mechanismStatus,
  mediaEvent,
  modePage,
  tableOfContents,
  vitalProductData,
} from './packet-replies.ts';
import { type Sense, Senses } from './sense.ts';

const BLOCK = 2048;

/** One command. */
interface PacketCommand {
  /** It is carried out although the guest has not heard of a change of the medium yet. */
  readonly toldAnyway?: true;
  readonly needsMedium?: true;
  /** It is refused where the guest takes no data at all. */
  readonly givesData?: true;
  run(drive: AtapiDrive, packet: Buffer): void;
}

function readSense(drive: AtapiDrive, packet: Buffer): void {
  drive.reply(drive.takeSense(), packet[4]!);
}

function tellWhatItIs(drive: AtapiDrive, packet: Buffer): void {
  const isVital = (packet[1]! & 1) !== 0;
  const data = isVital
    ? vitalProductData(packet[2]!, packet[4]!, drive.backing.labels)
    : inquiry(drive.backing.labels);
  if (data === undefined) drive.fail(Senses.invalidField);
  else drive.reply(data, packet[4]!);
}

function startStop(drive: AtapiDrive, packet: Buffer): void {
  const flags = packet[4]!;
  const { tray, isInserted } = drive.medium;
  const isPowerCondition = flags >> 4 !== 0;
  if (isPowerCondition || (flags & 2) === 0) {
    drive.succeed();
    return;
  }
  const opens = (flags & 1) === 0;
  if (opens && !tray.open && tray.locked) {
    drive.fail(isInserted ? Senses.removalPrevented : Senses.removalPreventedEmpty);
    return;
  }
  tray.move(opens);
  drive.succeed();
}

function preventRemoval(drive: AtapiDrive, packet: Buffer): void {
  if ((packet[4]! & 1) === 0) drive.medium.tray.unlock();
  else drive.medium.tray.lock();
  drive.succeed();
}

function readCapacity(drive: AtapiDrive): void {
  const data = Buffer.alloc(8);
  data.writeUInt32BE(drive.medium.blocks - 1, 0);
  data.writeUInt32BE(BLOCK, 4);
  drive.reply(data, data.length);
}

/** `frames`: whole ones, with what surrounds the data. */
function readBlocks(drive: AtapiDrive, first: number, count: number, frames = false): void {
  if (count === 0) {
    drive.succeed();
    return;
  }
  if (first + count > drive.medium.blocks) {
    drive.fail(Senses.beyondEnd);
    return;
  }
  const read = async (block: number): Promise<Buffer | Sense> => {
    const data = Buffer.alloc(BLOCK);
    const result = await drive.backing.io.read(block * BLOCK, data, { onlyGuest: true });
    if (!result.ok) return result.errno === 'ENOMEDIUM' ? Senses.noMedium : Senses.readFailed;
    return frames ? frameOf(block, data) : data;
  };
  drive.replyBlocks(first, count, frames ? 2352 : BLOCK, read);
}

function readCd(drive: AtapiDrive, packet: Buffer): void {
  const count = packet.readUIntBE(6, 3);
  const parts = packet[9]! & 0xf8;
  if (count === 0 || parts === 0) {
    drive.succeed();
    return;
  }
  if (drive.refusesNoData()) return;
  if (parts === 0x10) readBlocks(drive, packet.readUInt32BE(2), count);
  else if (parts === 0xf8) readBlocks(drive, packet.readUInt32BE(2), count, true);
  else drive.fail(Senses.invalidField);
}

function seek(drive: AtapiDrive, packet: Buffer): void {
  if (packet.readUInt32BE(2) >= drive.medium.blocks) drive.fail(Senses.beyondEnd);
  else drive.succeed();
}

function readTableOfContents(drive: AtapiDrive, packet: Buffer): void {
  const isTime = (packet[1]! & 2) !== 0;
  const data = tableOfContents(packet[9]! >> 6, packet[6]!, isTime, drive.medium.blocks);
  if (data === undefined) drive.fail(Senses.invalidField);
  else drive.reply(data, packet.readUInt16BE(7));
}

function getConfiguration(drive: AtapiDrive, packet: Buffer): void {
  if (packet.readUInt16BE(2) !== 0) {
    drive.fail(Senses.invalidField);
    return;
  }
  const blocks = drive.medium.isPresent ? drive.medium.blocks : undefined;
  drive.reply(configuration(blocks), packet.readUInt16BE(7));
}

function getEvent(drive: AtapiDrive, packet: Buffer): void {
  const isPolled = (packet[1]! & 1) !== 0;
  if (!isPolled) {
    drive.fail(Senses.invalidField);
    return;
  }
  const wantsMedia = (packet[4]! & 0x10) !== 0;
  drive.reply(mediaEvent(wantsMedia ? drive.medium : undefined), packet.readUInt16BE(7));
}

function readDiscInformation(drive: AtapiDrive, packet: Buffer): void {
  if ((packet[1]! & 7) !== 0) drive.fail(Senses.invalidField);
  else drive.reply(discInformation(), packet.readUInt16BE(7));
}

function modeSense(drive: AtapiDrive, packet: Buffer): void {
  const control = packet[2]! >> 6;
  if (control === 3) {
    drive.fail(Senses.noSavedPages);
    return;
  }
  const page = control === 0 ? modePage(packet[2]! & 0x3f, drive.medium.tray.locked) : undefined;
  if (page === undefined) drive.fail(Senses.invalidField);
  else drive.reply(page, packet.readUInt16BE(7));
}

function readDvdStructure(drive: AtapiDrive, packet: Buffer): void {
  const answer = dvdStructure(packet[1]!, packet[7]!, drive.medium);
  if ('key' in answer) drive.fail(answer);
  else drive.reply(answer, packet.readUInt16BE(8));
}

/** All other codes are refused. */
export const PACKET_COMMANDS: ReadonlyMap<number, PacketCommand> = new Map<number, PacketCommand>([
  [0x00, { needsMedium: true, run: (drive) => drive.succeed() }],
  [0x03, { toldAnyway: true, givesData: true, run: readSense }],
  [0x12, { toldAnyway: true, givesData: true, run: tellWhatItIs }],
  [0x1b, { run: startStop }],
  [0x1e, { run: preventRemoval }],
  [0x25, { needsMedium: true, givesData: true, run: readCapacity }],
  [
    0x28,
    {
      needsMedium: true,
      givesData: true,
      run: (drive, packet) => readBlocks(drive, packet.readUInt32BE(2), packet.readUInt16BE(7)),
    },
  ],
  [0x2b, { needsMedium: true, run: seek }],
  [0x43, { needsMedium: true, givesData: true, run: readTableOfContents }],
  [0x46, { toldAnyway: true, givesData: true, run: getConfiguration }],
  [0x4a, { toldAnyway: true, givesData: true, run: getEvent }],
  [0x51, { needsMedium: true, givesData: true, run: readDiscInformation }],
  [0x5a, { givesData: true, run: modeSense }],
  [
    0xa8,
    {
      needsMedium: true,
      givesData: true,
      run: (drive, packet) => readBlocks(drive, packet.readUInt32BE(2), packet.readUInt32BE(6)),
    },
  ],
  [0xad, { needsMedium: true, givesData: true, run: readDvdStructure }],
  [0xbb, { run: (drive) => drive.succeed() }],
  [0xbd, { givesData: true, run: (drive, packet) => drive.reply(mechanismStatus(), packet.readUInt16BE(8)) }],
  [0xbe, { needsMedium: true, run: readCd }],
]);
