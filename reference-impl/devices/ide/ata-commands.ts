/** The commands of an ATA disk, by their codes. */
import type { AtaDisk } from './ata-disk.ts';
import { FEATURES, IDLE_FEATURES } from './drive-features.ts';
import { Register, Status } from './ide-registers.ts';
import { MOST_MULTIPLE } from './identify-data.ts';

/** One command. */
interface AtaCommand {
  /** The heads are where they belong: the bit of the status. */
  readonly keepsSeek: boolean;
  /** It uses 48 bits for the address, 16 for the count. */
  readonly wide?: true;
  run(disk: AtaDisk): void;
}

const seek = (run: AtaCommand['run']): AtaCommand => ({ keepsSeek: true, run });
const wide = (run: AtaCommand['run']): AtaCommand => ({ keepsSeek: true, wide: true, run });
/** Power states: there are none. */
const power: AtaCommand = { keepsSeek: false, run: (disk) => disk.finish() };
const nothing = seek((disk) => disk.finish());

const read = (disk: AtaDisk): void => disk.beginRead(1);
const write = (disk: AtaDisk): void => disk.beginWrite(1);

/** Several sectors at a time, where the guest has not switched that off. */
const multiple =
  (begin: 'beginRead' | 'beginWrite'): AtaCommand['run'] =>
  (disk) => {
    if (disk.multiple === 0) disk.refuse();
    else disk[begin](disk.multiple);
  };

function setMultiple(disk: AtaDisk): void {
  const count = disk.registers[Register.count]!;
  if (count > MOST_MULTIPLE || (count & (count - 1)) !== 0) {
    disk.refuse();
    return;
  }
  disk.multiple = count;
  disk.finish();
}

function setFeatures(disk: AtaDisk): void {
  const feature = disk.registers[Register.feature]!;
  if (feature === FEATURES.transferMode) {
    setTransferMode(disk);
    return;
  }
  if (feature === FEATURES.writeCacheOff) {
    disk.backing.writeCache = false;
    disk.flush();
    return;
  }
  if (feature === FEATURES.writeCacheOn) disk.backing.writeCache = true;
  if (feature !== FEATURES.writeCacheOn && !IDLE_FEATURES.includes(feature)) disk.refuse();
  else disk.finish();
}

function setTransferMode(disk: AtaDisk): void {
  const value = disk.registers[Register.count]!;
  const mode = 1 << (value & 7);
  const none = { singleDma: 0x07, multiDma: 0x07, ultraDma: 0x3f };
  switch (value >> 3) {
    case 0:
    case 1:
      disk.modes = none;
      break;
    case 2:
      disk.modes = { ...none, singleDma: 0x07 | (mode << 8) };
      break;
    case 4:
      disk.modes = { ...none, multiDma: 0x07 | (mode << 8) };
      break;
    case 8:
      disk.modes = { ...none, ultraDma: 0x3f | (mode << 8) };
      break;
    default:
      disk.refuse();
      return;
  }
  disk.finish();
}

/** DATA SET MANAGEMENT, of which there is TRIM. */
function manageData(disk: AtaDisk): void {
  if ((disk.registers[Register.feature]! & 1) === 0) disk.refuse();
  else disk.beginTrim();
}

function setCounting(disk: AtaDisk): void {
  disk.countBy((disk.select & 0xf) + 1, disk.registers[Register.count]!);
  disk.finish();
}

function diagnose(disk: AtaDisk): void {
  disk.sign();
  disk.status = Status.ready | Status.seekComplete;
  disk.error = 1;
  disk.finish();
}

function lastSector(disk: AtaDisk): void {
  disk.nameLast();
  disk.finish();
}

const setCount = (count: number): AtaCommand =>
  seek((disk) => {
    disk.registers[Register.count] = count;
    disk.finish();
  });

/** All other codes are aborted. */
export const ATA_COMMANDS: ReadonlyMap<number, AtaCommand> = new Map<number, AtaCommand>([
  [0x06, seek(manageData)],
  [0x10, nothing],
  [0x20, seek(read)],
  [0x21, seek(read)],
  [0x24, wide(read)],
  [0x25, wide((disk) => disk.beginReadDma())],
  [0x27, wide(lastSector)],
  [0x29, wide(multiple('beginRead'))],
  [0x30, seek(write)],
  [0x31, seek(write)],
  [0x34, wide(write)],
  [0x35, wide((disk) => disk.beginWriteDma())],
  [0x39, wide(multiple('beginWrite'))],
  [0x3c, seek(write)],
  [0x40, nothing],
  [0x41, nothing],
  [0x42, { ...nothing, wide: true }],
  [0x70, nothing],
  [0x90, seek(diagnose)],
  [0x91, seek(setCounting)],
  [0x94, power],
  [0x95, power],
  [0x96, power],
  [0x97, power],
  [0x98, setCount(0xff)],
  [0x99, power],
  [0xc4, seek(multiple('beginRead'))],
  [0xc5, seek(multiple('beginWrite'))],
  [0xc6, seek(setMultiple)],
  [0xc8, seek((disk) => disk.beginReadDma())],
  [0xc9, seek((disk) => disk.beginReadDma())],
  [0xca, seek((disk) => disk.beginWriteDma())],
  [0xcb, seek((disk) => disk.beginWriteDma())],
  [0xe0, power],
  [0xe1, power],
  [0xe2, power],
  [0xe3, power],
  [0xe5, setCount(0xff)],
  [0xe6, power],
  [0xe7, seek((disk) => disk.flush())],
  [0xea, seek((disk) => disk.flush())],
  [0xec, seek((disk) => disk.identify())],
  [0xef, seek(setFeatures)],
  [0xf8, seek(lastSector)],
]);
