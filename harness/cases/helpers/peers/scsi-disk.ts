/** A disk in memory that performs the SCSI commands that clients need of one (SPC-4, SBC-3). */
import { Operation, ScsiStatus } from './iscsi-numbers.ts';

/** Sense data of refusals: key, code and qualifier. */
const Refusal = {
  noCommand: [0x05, 0x20, 0x00],
  outOfRange: [0x05, 0x21, 0x00],
  noField: [0x05, 0x24, 0x00],
  noUnit: [0x05, 0x25, 0x00],
  attention: [0x06, 0x29, 0x00],
  writeProtected: [0x07, 0x27, 0x00],
} as const;
const WRITE_PROTECTED = 0x80;
/** Thin, and what has no storage reads as zeroes. */
const THIN = 0xc0;
const MAY_UNMAP = 0x08;
/** Blocks that one answer about storage is about, at most. */
const MOST_TOLD = 0x10000;
const BLOCK = 512;
const Page = { supported: 0x00, limits: 0xb0, provisioning: 0xb2 } as const;

/** What came of a command. */
export interface ScsiOutcome {
  readonly status: number;
  /** Data, or the sense data of CHECK CONDITION behind their length. */
  readonly bytes: Buffer;
  /** It read or wrote blocks. */
  readonly isTransfer?: boolean;
}

/** What is particular about a disk. */
export interface DiskManner {
  /** Bytes, default 512. */
  readonly blockSize?: number;
  /** 0, the default, is a disk. */
  readonly type?: number;
  /** Nothing may be written. */
  readonly isWriteProtected?: boolean;
  /** How many blocks it has, where these are more than its bytes make; those lie at its end then, and zeroes before. */
  readonly blocks?: number;
  /** Blocks may be without storage and read as zeroes then; unmapping is by UNMAP and WRITE SAME. */
  readonly isThin?: boolean;
  /** It can write one block to many places. */
  readonly writesSame?: boolean;
  /** What of that may unmap, where it is thin: the long command, the short one; default both. */
  readonly unmapsBySame?: { readonly long: boolean; readonly short: boolean };
  /** Its limits, in blocks, where it tells any. */
  readonly limits?: {
    readonly transfer?: number;
    readonly unmap?: number;
    readonly unmapGranularity?: number;
    readonly writeSame?: number;
  };
  /** What stands instead of what is right. */
  readonly instead?: (command: Buffer, sent: Buffer) => ScsiOutcome | undefined;
}

/** A command that was carried out. */
export const good = (bytes: Buffer = Buffer.alloc(0)): ScsiOutcome => ({ status: ScsiStatus.good, bytes });

/** CHECK CONDITION with fixed sense data. */
export function refused([key, code, qualifier]: readonly [number, number, number]): ScsiOutcome {
  const sense = Buffer.alloc(20);
  sense.writeUInt16BE(18, 0);
  sense[2] = 0x70;
  sense[4] = key;
  sense[9] = 10;
  sense[14] = code;
  sense[15] = qualifier;
  return { status: ScsiStatus.checkCondition, bytes: sense };
}

/** The same with descriptor sense data. */
export function refusedByDescriptor([key, code, qualifier]: readonly [number, number, number]): ScsiOutcome {
  const sense = Buffer.alloc(10);
  sense.writeUInt16BE(8, 0);
  sense.set([0x72, key, code, qualifier], 2);
  return { status: ScsiStatus.checkCondition, bytes: sense };
}

/** What a unit says first when something has happened to it. */
export const scsiAttention = (): ScsiOutcome => refused(Refusal.attention);
/** What is answered where there is no such unit. */
export const noUnit = (): ScsiOutcome => refused(Refusal.noUnit);

/** First block and count of a command about blocks. */
export function blocksOf(command: Buffer): readonly [first: number, count: number] {
  const isLong = (command[0]! & 0x80) !== 0;
  return isLong
    ? [Number(command.readBigUInt64BE(2)), command.readUInt32BE(10)]
    : [command.readUInt32BE(2), command.readUInt16BE(7)];
}

/** One unit, over bytes that the case may look at. */
export class ScsiDisk {
  readonly bytes: Buffer;
  readonly manner: DiskManner;
  readonly blockSize: number;
  /** The commands that came, in order. */
  readonly commands: Buffer[] = [];
  /** Blocks without storage. */
  readonly unmapped = new Set<number>();

  constructor(bytes: Buffer, manner: DiskManner = {}) {
    this.bytes = bytes;
    this.manner = manner;
    this.blockSize = manner.blockSize ?? BLOCK;
  }

  /** Commands of these operations that came, as far as they are about blocks. */
  of(...operations: readonly number[]): Buffer[] {
    return this.commands.filter(([operation]) => operations.includes(operation!));
  }

  /** `sent` are the data that came with it. */
  perform(command: Buffer, sent: Buffer): ScsiOutcome {
    this.commands.push(Buffer.from(command));
    return this.manner.instead?.(command, sent) ?? this.#perform(command, sent);
  }

  #perform(command: Buffer, sent: Buffer): ScsiOutcome {
    switch (command[0]) {
      case Operation.testUnitReady:
      case Operation.synchronizeCache10:
      case Operation.synchronizeCache16:
        return good();
      case Operation.inquiry:
        return this.#inquiry(command);
      case Operation.modeSense6:
        return good(Buffer.from([3, 0, this.manner.isWriteProtected ? WRITE_PROTECTED : 0, 0]));
      case Operation.readCapacity10:
        return good(this.#shortCapacity());
      case Operation.serviceActionIn16:
        return this.#serviceAction(command);
      case Operation.read10:
      case Operation.read16:
        return this.#read(command);
      case Operation.write10:
      case Operation.write16:
        return this.#write(command, sent);
      case Operation.writeSame10:
      case Operation.writeSame16:
        return this.manner.writesSame ? this.#writeSame(command, sent) : refused(Refusal.noCommand);
      case Operation.unmap:
        return this.manner.isThin ? this.#unmap(sent) : refused(Refusal.noCommand);
      default:
        return refused(Refusal.noCommand);
    }
  }

  get #blocks(): number {
    return this.manner.blocks ?? this.bytes.length / this.blockSize;
  }

  /** Where the bytes of a block are; negative: before all of them. */
  #placeOf(block: number): number {
    return (block - this.#blocks) * this.blockSize + this.bytes.length;
  }

  /** Standard data, or a page of vital product data. */
  #inquiry(command: Buffer): ScsiOutcome {
    const type = this.manner.type ?? 0;
    if ((command[1]! & 1) === 1) {
      const page = this.#page(command[2]!);
      const head = Buffer.from([type, command[2]!, 0, page?.length ?? 0]);
      return page === undefined ? refused(Refusal.noField) : good(Buffer.concat([head, page]));
    }
    const bytes = Buffer.alloc(36);
    bytes[0] = type;
    bytes[2] = 6;
    bytes[3] = 2;
    bytes[4] = 31;
    bytes.write('EXAMPLE DISK IN MEMORY  1.0', 8, 'latin1');
    return good(bytes);
  }

  #page(code: number): Buffer | undefined {
    const { limits, isThin, writesSame, unmapsBySame = { long: true, short: true } } = this.manner;
    const bySame = writesSame ? (unmapsBySame.long ? 0x40 : 0) | (unmapsBySame.short ? 0x20 : 0) : 0;
    const known = [Page.supported, ...(limits ? [Page.limits] : []), ...(isThin ? [Page.provisioning] : [])];
    if (!known.some((page) => page === code)) return undefined;
    if (code === Page.supported) return Buffer.from(known);
    if (code === Page.provisioning) return Buffer.from([0, 0x80 | bySame, 2, 0]);
    const page = Buffer.alloc(60);
    page.writeUInt32BE(limits?.transfer ?? 0, 4);
    page.writeUInt32BE(limits?.unmap ?? 0, 16);
    page.writeUInt32BE(1, 20);
    page.writeUInt32BE(limits?.unmapGranularity ?? 0, 24);
    page.writeBigUInt64BE(BigInt(limits?.writeSame ?? 0), 32);
    return page;
  }

  #shortCapacity(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(Math.min(this.#blocks - 1, 0xffffffff), 0);
    bytes.writeUInt32BE(this.blockSize, 4);
    return bytes;
  }

  #serviceAction(command: Buffer): ScsiOutcome {
    const action = command[1]! & 0x1f;
    if (action === 0x10) {
      const bytes = Buffer.alloc(32);
      bytes.writeBigUInt64BE(BigInt(this.#blocks - 1), 0);
      bytes.writeUInt32BE(this.blockSize, 8);
      bytes[14] = this.manner.isThin ? THIN : 0;
      return good(bytes);
    }
    return action === 0x12 && this.manner.isThin ? good(this.#status(command)) : refused(Refusal.noField);
  }

  /** Whether a stretch of blocks has storage. */
  #status(command: Buffer): Buffer {
    const first = Number(command.readBigUInt64BE(2));
    const hasStorage = !this.unmapped.has(first);
    let end = first + 1;
    while (end < Math.min(this.#blocks, first + MOST_TOLD) && this.unmapped.has(end) !== hasStorage) end += 1;
    const bytes = Buffer.alloc(24);
    bytes.writeUInt32BE(20, 0);
    bytes.writeBigUInt64BE(BigInt(first), 8);
    bytes.writeUInt32BE(end - first, 16);
    bytes[20] = hasStorage ? 0 : 1;
    return bytes;
  }

  #isOutside(command: Buffer): boolean {
    const [first, count] = blocksOf(command);
    return first + count > this.#blocks;
  }

  #read(command: Buffer): ScsiOutcome {
    if (this.#isOutside(command)) return refused(Refusal.outOfRange);
    const [first, count] = blocksOf(command);
    const bytes = Buffer.alloc(count * this.blockSize);
    const at = this.#placeOf(first);
    this.bytes.copy(bytes, Math.max(0, -at), Math.max(0, at), Math.max(0, at + bytes.length));
    return { ...good(bytes), isTransfer: true };
  }

  #write(command: Buffer, sent: Buffer): ScsiOutcome {
    if (this.manner.isWriteProtected) return refused(Refusal.writeProtected);
    if (this.#isOutside(command)) return refused(Refusal.outOfRange);
    const [first, count] = blocksOf(command);
    for (let block = 0; block < count; block += 1)
      this.#put(first + block, sent.subarray(block * this.blockSize, (block + 1) * this.blockSize));
    return { ...good(), isTransfer: true };
  }

  #put(block: number, data: Buffer): void {
    if (this.#placeOf(block) >= 0) data.copy(this.bytes, this.#placeOf(block));
    this.unmapped.delete(block);
  }

  #writeSame(command: Buffer, sent: Buffer): ScsiOutcome {
    if (this.#isOutside(command)) return refused(Refusal.outOfRange);
    const [first, count] = blocksOf(command);
    for (let block = first; block < first + count; block += 1) {
      this.#put(block, sent);
      if ((command[1]! & MAY_UNMAP) !== 0) this.unmapped.add(block);
    }
    return good();
  }

  #unmap(sent: Buffer): ScsiOutcome {
    const isRight = sent.length === 24 && sent.readUInt16BE(0) === 22 && sent.readUInt16BE(2) === 16;
    if (!isRight) return refused(Refusal.noField);
    const first = Number(sent.readBigUInt64BE(8));
    for (let block = first; block < first + sent.readUInt32BE(16); block += 1) {
      this.#put(block, Buffer.alloc(this.blockSize));
      this.unmapped.add(block);
    }
    return good();
  }
}
