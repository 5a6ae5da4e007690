/** Commands of SCSI (SPC-4, SBC-3) that a disk is used by, what it answers to them, and how it says that it cannot. */
import type { Task } from './link.ts';

/** How a command ended. */
export const Status = {
  good: 0x00,
  checkCondition: 0x02,
  busy: 0x08,
  taskSetFull: 0x28,
} as const;

/** What kind of thing a unit is. */
export const UnitType = { disk: 0x00, rom: 0x05 } as const;

/** Pages of vital product data. */
export const Page = { supported: 0x00, blockLimits: 0xb0, provisioning: 0xb2 } as const;

/** The most blocks that a command with short fields can name. */
export const MAX_SHORT_COUNT = 0xffff;
const COMMAND_LENGTH = 16;

/** Blocks in a command: addresses beyond 32 bits want `isLong`. */
export interface Range {
  readonly first: number;
  readonly count: number;
  readonly isLong: boolean;
}

function command(...start: readonly number[]): Buffer {
  const bytes = Buffer.alloc(COMMAND_LENGTH);
  bytes.set(start);
  return bytes;
}

/** A command about blocks, by its short and its long form. */
function ofBlocks(
  [short, long]: readonly [number, number],
  { first, count, isLong }: Range,
  flags = 0,
): Buffer {
  const bytes = command(isLong ? long : short, flags);
  if (isLong) {
    bytes.writeBigUInt64BE(BigInt(first), 2);
    bytes.writeUInt32BE(count, 10);
  } else {
    bytes.writeUInt32BE(first, 2);
    bytes.writeUInt16BE(count, 7);
  }
  return bytes;
}

export const testUnitReady = (): Task => ({ command: command(0x00) });

/** What the unit is, or a page of vital product data of it. */
export function inquiry(target: Buffer, page?: number): Task {
  const bytes = command(0x12, page === undefined ? 0 : 1, page ?? 0);
  bytes.writeUInt16BE(target.length, 3);
  return { command: bytes, target };
}

/** All mode pages, without block descriptors. */
export const modeSense = (target: Buffer): Task => ({
  command: command(0x1a, 0x08, 0x3f, 0, target.length),
  target,
});

export const readCapacity10 = (target: Buffer): Task => ({ command: command(0x25), target });

export function readCapacity16(target: Buffer): Task {
  const bytes = command(0x9e, 0x10);
  bytes.writeUInt32BE(target.length, 10);
  return { command: bytes, target };
}

export const read = (range: Range, target: Uint8Array): Task => ({
  command: ofBlocks([0x28, 0x88], range),
  target,
});

export const write = (range: Range, data: Uint8Array): Task => ({
  command: ofBlocks([0x2a, 0x8a], range),
  data,
});

/** Writes one block to all of the range, which may lose its allocation then. */
export const writeSame = (range: Range, data: Uint8Array, mayUnmap: boolean): Task => ({
  command: ofBlocks([0x41, 0x93], range, mayUnmap ? 0x08 : 0),
  data,
});

export function unmap({ first, count }: Range): Task {
  const data = Buffer.alloc(24);
  data.writeUInt16BE(data.length - 2, 0);
  data.writeUInt16BE(16, 2);
  data.writeBigUInt64BE(BigInt(first), 8);
  data.writeUInt32BE(count, 16);
  const bytes = command(0x42);
  bytes.writeUInt16BE(data.length, 7);
  return { command: bytes, data };
}

export const synchronizeCache = (): Task => ({ command: command(0x35) });

/** Whether blocks have storage, from this one on. */
export function lbaStatus(first: number, target: Buffer): Task {
  const bytes = command(0x9e, 0x12);
  bytes.writeBigUInt64BE(BigInt(first), 2);
  bytes.writeUInt32BE(target.length, 10);
  return { command: bytes, target };
}

/** Why a command failed: the key, and code and qualifier as one number. */
export interface Sense {
  readonly key: number;
  readonly code: number;
}

export const SenseKey = {
  none: 0,
  recovered: 1,
  notReady: 2,
  hardware: 4,
  illegalRequest: 5,
  unitAttention: 6,
  dataProtection: 7,
  aborted: 11,
} as const;

export const SenseCode = { invalidCommand: 0x2000, invalidField: 0x2400, noMedium: 0x3a00 } as const;

const DESCRIPTOR_FORMATS: readonly number[] = [0x72, 0x73];

/** Reads sense data of either format, behind their length; what is missing is 0. */
export function senseOf(data: Buffer): Sense {
  const at = (position: number): number => data[position + 2] ?? 0;
  return DESCRIPTOR_FORMATS.includes(at(0) & 0x7f)
    ? { key: at(1) & 0x0f, code: (at(2) << 8) | at(3) }
    : { key: at(2) & 0x0f, code: (at(12) << 8) | at(13) };
}

const keyNames: Readonly<Record<number, string>> = {
  0: 'NO SENSE',
  1: 'RECOVERED ERROR',
  2: 'NOT READY',
  4: 'HARDWARE_ERROR',
  5: 'ILLEGAL_REQUEST',
  6: 'UNIT_ATTENTION',
  7: 'DATA PROTECTION',
  8: 'BLANK CHECK',
  9: 'VENDOR SPECIFIC',
  10: 'COPY ABORTED',
  11: 'COMMAND ABORTED',
  13: 'OVERFLOW_COMMAND',
  14: 'MISCOMPARE',
};

/** What is known of a code: its name, and the error that a request ends with for it. */
const codes: Readonly<Record<number, { readonly name?: string; readonly errno?: string }>> = {
  1025: { errno: 'EINPROGRESS' },
  1026: { errno: 'ENOTCONN' },
  6656: { name: 'PARAMETER_LIST_LENGTH_ERROR', errno: 'EINVAL' },
  [SenseCode.invalidCommand]: { name: 'INVALID_OPERATION_CODE', errno: 'EINVAL' },
  8448: { name: 'LBA_OUT_OF_RANGE', errno: 'ENOSPC' },
  [SenseCode.invalidField]: { name: 'INVALID_FIELD_IN_CDB', errno: 'EINVAL' },
  9472: { name: 'LOGICAL_UNIT_NOT_SUPPORTED', errno: 'ENOTSUP' },
  9728: { name: 'INVALID_FIELD_IN_PARAMETER_LIST', errno: 'EINVAL' },
  9984: { name: 'WRITE_PROTECTED', errno: 'EACCES' },
  9985: { name: 'HARDWARE_WRITE_PROTECTED' },
  9991: { errno: 'ENOSPC' },
  10496: { name: 'BUS_RESET' },
  [SenseCode.noMedium]: { name: 'MEDIUM_NOT_PRESENT', errno: 'ENOMEDIUM' },
  14849: { name: 'MEDIUM_NOT_PRESENT-TRAY_CLOSED', errno: 'ENOMEDIUM' },
  14850: { name: 'MEDIUM_NOT_PRESENT-TRAY_OPEN', errno: 'ENOMEDIUM' },
  17408: { name: 'INTERNAL_TARGET_FAILURE' },
};

/** Sense data in words. */
export function senseText({ key, code }: Sense): string {
  const digits = code.toString(16).padStart(4, '0');
  return `SENSE KEY:${keyNames[key] ?? '(null)'}(${key}) ASCQ:${codes[code]?.name ?? '(null)'}(0x${digits})`;
}

/** The error that a request ends with. */
export function errnoOf({ key, code }: Sense): string {
  if (key === SenseKey.aborted) return 'ECANCELED';
  const decidesCode = [
    SenseKey.notReady,
    SenseKey.illegalRequest,
    SenseKey.dataProtection,
  ] as readonly number[];
  return (decidesCode.includes(key) ? codes[code]?.errno : undefined) ?? 'EIO';
}

/** The unit is well: it only had something to say first, and wants to be asked again. */
export function isPassing({ key }: Sense): boolean {
  return key === SenseKey.none || key === SenseKey.recovered || key === SenseKey.unitAttention;
}
