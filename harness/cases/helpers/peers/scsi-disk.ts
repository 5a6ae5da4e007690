/** A disk in memory that performs the SCSI commands that clients need of one (SPC-4, SBC-3). */

const BLOCK = 512;
const Operation = {
  testUnitReady: 0x00,
  inquiry: 0x12,
  modeSense6: 0x1a,
  read10: 0x28,
  write10: 0x2a,
  synchronizeCache10: 0x35,
  read16: 0x88,
  write16: 0x8a,
  synchronizeCache16: 0x91,
  serviceActionIn16: 0x9e,
} as const;
const CHECK_CONDITION = 2;
/** Sense data of refusals: key, code and qualifier. */
const Refusal = {
  noCommand: [0x05, 0x20, 0x00],
  noField: [0x05, 0x24, 0x00],
  noUnit: [0x05, 0x25, 0x00],
  attention: [0x06, 0x29, 0x00],
  writeProtected: [0x07, 0x27, 0x00],
} as const;
const WRITE_PROTECTED = 0x80;

/** What came of a command. */
export interface ScsiOutcome {
  /** 0, or CHECK CONDITION, whose sense data `bytes` are then. */
  readonly status: number;
  readonly bytes: Buffer;
  /** It read or wrote blocks. */
  readonly isTransfer: boolean;
}

/** What a unit says first when something has happened to it. */
export const scsiAttention = (): ScsiOutcome => refused(Refusal.attention);

/** Performs one command on a unit, if there is that unit. `sent` are the data of a write. */
export function performScsi(
  command: Buffer,
  disk: Buffer | undefined,
  sent: Buffer,
  isWriteProtected = false,
): ScsiOutcome {
  if (disk === undefined) return refused(Refusal.noUnit);
  switch (command[0]) {
    case Operation.testUnitReady:
    case Operation.synchronizeCache10:
    case Operation.synchronizeCache16:
      return done(Buffer.alloc(0));
    case Operation.inquiry:
      return inquiry(command);
    case Operation.modeSense6:
      return done(Buffer.from([3, 0, isWriteProtected ? WRITE_PROTECTED : 0, 0]));
    case Operation.serviceActionIn16:
      return (command[1]! & 0x1f) === 0x10 ? done(capacity(disk)) : refused(Refusal.noField);
    case Operation.read10:
    case Operation.read16: {
      const [at, length] = range(command);
      return done(disk.subarray(at, at + length), true);
    }
    case Operation.write10:
    case Operation.write16: {
      if (isWriteProtected) return refused(Refusal.writeProtected);
      const [at, length] = range(command);
      sent.copy(disk, at, 0, length);
      return done(Buffer.alloc(0), true);
    }
    default:
      return refused(Refusal.noCommand);
  }
}

function done(bytes: Buffer, isTransfer = false): ScsiOutcome {
  return { status: 0, bytes, isTransfer };
}

function refused([key, code, qualifier]: readonly [number, number, number]): ScsiOutcome {
  const sense = Buffer.alloc(20);
  sense.writeUInt16BE(18, 0);
  sense[2] = 0x70;
  sense[4] = key;
  sense[9] = 10;
  sense[14] = code;
  sense[15] = qualifier;
  return { status: CHECK_CONDITION, bytes: sense, isTransfer: false };
}

/** Standard data, and no pages of vital product data but the list of them. */
function inquiry(command: Buffer): ScsiOutcome {
  if ((command[1]! & 1) === 1)
    return command[2] === 0 ? done(Buffer.from([0, 0, 0, 1, 0])) : refused(Refusal.noField);
  const bytes = Buffer.alloc(36);
  bytes[2] = 6;
  bytes[3] = 2;
  bytes[4] = 31;
  bytes.write('EXAMPLE DISK IN MEMORY  1.0', 8, 'latin1');
  return done(bytes);
}

function capacity(disk: Buffer): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.writeBigUInt64BE(BigInt(disk.length / BLOCK - 1), 0);
  bytes.writeUInt32BE(BLOCK, 8);
  return bytes;
}

/** First byte and length. */
function range(command: Buffer): readonly [number, number] {
  const isLong = (command[0]! & 0x80) !== 0;
  const first = isLong ? Number(command.readBigUInt64BE(2)) : command.readUInt32BE(2);
  const count = isLong ? command.readUInt32BE(10) : command.readUInt16BE(7);
  return [first * BLOCK, count * BLOCK];
}
