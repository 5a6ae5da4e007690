/**
 * What a logical unit tells of itself when a node is opened:
 *
 * 1. whether it is ready
 * 2. what it is, and whether it may be written
 * 3. how many blocks of which size it has
 * 4. what it can do with blocks at once, and whether it can do without storage for them
 */
import { CommandError } from '../../qapi/command-error.ts';
import type { Ended, Task } from './link.ts';
import {
  inquiry,
  modeSense,
  Page,
  readCapacity10,
  readCapacity16,
  SenseCode,
  SenseKey,
  Status,
  senseOf,
  senseText,
  testUnitReady,
  UnitType,
} from './scsi-commands.ts';

/** Does a task once. Throws `LinkLost`. */
export type Once = (task: Task) => Promise<Ended>;

type Log = (line: string) => void;

/** Lengths are in blocks. */
export interface Capacity {
  readonly blocks: bigint;
  /** Bytes. */
  readonly blockSize: number;
  /** What has no storage reads as zeroes. */
  readonly unmappedAreZeroes: boolean;
  /** Blocks can be without storage. */
  readonly isThin: boolean;
}

/** What a unit is. */
export interface Unit {
  /** Of `UnitType`, or another. */
  readonly type: number;
  readonly capacity: Capacity;
  readonly isWriteProtected: boolean;
  /** In blocks, 0: no limit is told. */
  readonly maxTransfer: number;
  readonly maxUnmap: number;
  readonly unmapGranularity: number;
  readonly maxWriteSame: number;
  readonly canUnmap: boolean;
  /** Writing the same to all may take the storage away, by commands with long fields and with short ones. */
  readonly canUnmapBySame: { readonly long: boolean; readonly short: boolean };
}

/** How often a unit may have something else to say first. */
const MAX_ATTENTIONS = 10;
/** The most bytes of an answer. */
const MOST = 255;
/** Limits of block sizes in bytes; what is read or written in part is held in memory. */
const MIN_BLOCK = 512;
const MAX_BLOCK = 2 ** 24;
const NOTHING: Capacity = { blocks: 0n, blockSize: MIN_BLOCK, unmappedAreZeroes: false, isThin: false };

/** Asks a unit; `log` is told what may be otherwise than it is taken for. Throws `CommandError`, `LinkLost`. */
export async function inspect(once: Once, log: Log): Promise<Unit> {
  await ready(once);
  const type = await typeOf(once);
  const isWriteProtected = await writeProtection(once, log);
  const capacity = await capacityOf(once, type);
  return { type, capacity, isWriteProtected, ...(await abilities(once, type)) };
}

/** How many blocks a unit of this type has now. Throws `CommandError`, `LinkLost`. */
export async function capacityOf(once: Once, type: number): Promise<Capacity> {
  if (type !== UnitType.disk && type !== UnitType.rom) return NOTHING;
  const capacity = (type === UnitType.disk && (await longCapacity(once))) || (await shortCapacity(once));
  const { blockSize } = capacity;
  if (blockSize < MIN_BLOCK || !Number.isInteger(Math.log2(blockSize)))
    throw new CommandError(`iSCSI: the target returned an invalid block size of ${blockSize}.`);
  if (blockSize > MAX_BLOCK) throw new CommandError('Driver requires too large request alignment');
  return capacity;
}

async function ready(once: Once): Promise<void> {
  const ended = await asked(once, testUnitReady());
  const { key, code } = senseOf(ended.sense);
  if (key === SenseKey.unitAttention)
    throw new CommandError(
      'iSCSI: Failed to connect to LUN : iscsi_testunitready Too many UnitAttentions during login.',
    );
  // A drive without a medium is one all the same.
  const isEmpty = key === SenseKey.notReady && code >> 8 === SenseCode.noMedium >> 8;
  if (!isGood(ended) && !isEmpty) throw failure('Failed to connect to LUN', ended);
}

/** Asks for something once more each time that the unit has something else to say first. */
async function asked(once: Once, task: Task): Promise<Ended> {
  for (let attentions = 0; ; attentions += 1) {
    const ended = await once(task);
    const isPutOff = senseOf(ended.sense).key === SenseKey.unitAttention;
    if (!isPutOff || attentions === MAX_ATTENTIONS) return ended;
  }
}

function isGood({ status }: Ended): boolean {
  return status === Status.good;
}

function failure(what: string, { sense }: Ended): CommandError {
  return new CommandError(`iSCSI: ${what} : ${senseText(senseOf(sense))}`);
}

/** Has a task fill a buffer, which holds zeroes behind what came; what came of it. */
async function filled(
  once: Once,
  task: (target: Buffer) => Task,
  length = MOST,
): Promise<{ readonly ended: Ended; readonly bytes: Buffer }> {
  const bytes = Buffer.alloc(length);
  return { ended: await asked(once, task(bytes)), bytes };
}

async function typeOf(once: Once): Promise<number> {
  const { ended, bytes } = await filled(once, inquiry);
  if (!isGood(ended) || ended.received === 0) throw failure('Inquiry command failed', ended);
  return bytes[0]! & 0x1f;
}

/** A unit that does not tell is taken for one that may be written, which is told. */
async function writeProtection(once: Once, log: Log): Promise<boolean> {
  const { ended, bytes } = await filled(once, modeSense);
  const isWhole = ended.received >= 4 && ended.received > bytes[0]!;
  if (!isGood(ended)) log('iSCSI: Failed MODE_SENSE(6), LUN assumed writable');
  else if (!isWhole) log('iSCSI: Failed to unmarshall MODE_SENSE(6) data: ');
  return isWhole && (bytes[2]! & 0x80) !== 0;
}

/** Undefined where the unit does not know the command. */
async function longCapacity(once: Once): Promise<Capacity | undefined> {
  const { ended, bytes } = await filled(once, readCapacity16);
  if (!isGood(ended)) return undefined;
  return {
    blocks: bytes.readBigUInt64BE(0) + 1n,
    blockSize: bytes.readUInt32BE(8),
    unmappedAreZeroes: (bytes[14]! & 0x40) !== 0,
    isThin: (bytes[14]! & 0x80) !== 0,
  };
}

async function shortCapacity(once: Once): Promise<Capacity> {
  const { ended, bytes } = await filled(once, readCapacity10, 8);
  if (!isGood(ended)) throw new CommandError('iSCSI: failed to send readcapacity10/16 command');
  const last = bytes.readUInt32BE(0);
  // A drive whose last block is its first has no medium.
  return { ...NOTHING, blocks: last === 0 ? 0n : BigInt(last) + 1n, blockSize: bytes.readUInt32BE(4) };
}

type Abilities = Omit<Unit, 'type' | 'capacity' | 'isWriteProtected'>;

async function abilities(once: Once, type: number): Promise<Abilities> {
  const listed = type === UnitType.disk ? await page(once, Page.supported) : Buffer.alloc(0);
  const known = async (code: number): Promise<Buffer> =>
    listed.includes(code) ? page(once, code) : Buffer.alloc(MOST);
  const limits = await known(Page.blockLimits);
  const provisioning = (await known(Page.provisioning))[1]!;
  return {
    maxTransfer: limits.readUInt32BE(4),
    maxUnmap: limits.readUInt32BE(16),
    unmapGranularity: limits.readUInt32BE(24),
    maxWriteSame: Number(limits.readBigUInt64BE(32)),
    canUnmap: (provisioning & 0x80) !== 0,
    canUnmapBySame: { long: (provisioning & 0x40) !== 0, short: (provisioning & 0x20) !== 0 },
  };
}

/** A page of vital product data without its head; zeroes behind what it is too short for. Throws `CommandError` where the unit does not give it. */
async function page(once: Once, code: number): Promise<Buffer> {
  const { ended, bytes } = await filled(once, (target) => inquiry(target, code));
  if (!isGood(ended)) throw failure('Inquiry command failed', ended);
  if (ended.received < 4) throw new CommandError('iSCSI: failed to unmarshall inquiry datain blob');
  return bytes.subarray(4);
}

/** Checks that a node may be opened, or become, writable. Throws `CommandError`. */
export function checkWritable({ isWriteProtected }: Unit, refusal: string): void {
  if (isWriteProtected) throw new CommandError(refusal);
}
