/** A node over a logical unit: requests of the block layer as commands of SCSI. */
import { IoError } from '../../host/errno.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { BlockStatus, DriverInfo, DriverState, Limits, ZeroFlags } from '../driver.ts';
import type { Ended, Task } from './link.ts';
import {
  errnoOf,
  lbaStatus,
  MAX_SHORT_COUNT,
  type Range,
  read,
  SenseCode,
  Status,
  senseOf,
  synchronizeCache,
  UnitType,
  unmap,
  write,
  writeSame,
} from './scsi-commands.ts';
import type { Session } from './target-session.ts';
import { type Capacity, capacityOf, checkWritable, type Unit } from './unit.ts';

/** The most bytes of one command that brings or takes data, or says what many blocks shall be. */
const MAX_TRANSFER = 2 ** 24;
const MAX_WITHOUT_DATA = 2 ** 31;
/** The most blocks whose addresses fit into commands with short fields. */
const MAX_SHORT = 2 ** 32;
/** The most bytes that a disk can have. */
const MAX_LENGTH = 2n ** 63n - 1n;
/** Between them lies what is told as a cluster, in bytes. */
const MIN_CLUSTER = 4096;
const MAX_CLUSTER = 2 ** 24;
/** Bytes of an answer about one stretch of blocks, and how many it says that there are. */
const STATUS_LENGTH = 24;
const MAPPED = 0;

export class IscsiState implements DriverState {
  readonly #session: Session;
  readonly #unit: Unit;
  #capacity: Capacity;
  /** Until the unit says that it does not know the command. */
  #writesSame = true;
  readonly limits: Limits;
  readonly discard?: (offset: number, length: number) => Promise<void>;

  constructor(session: Session, unit: Unit) {
    this.#session = session;
    this.#unit = unit;
    this.#capacity = unit.capacity;
    this.limits = limitsOf(unit);
    if (unit.canUnmap) this.discard = this.#discard;
  }

  length(): number {
    const { blocks, blockSize } = this.#capacity;
    const bytes = blocks * BigInt(blockSize);
    if (bytes > MAX_LENGTH) throw new IoError('EFBIG');
    return Number(bytes);
  }

  async read(offset: number, buffer: Uint8Array): Promise<void> {
    const range = this.#range(offset, buffer.length);
    const { received } = await this.#perform(read(range, buffer));
    if (received !== buffer.length) throw new IoError('EIO');
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    await this.#perform(write(this.#range(offset, data.length), data));
  }

  async writeZeroes(offset: number, length: number, { mayUnmap = false }: ZeroFlags): Promise<void> {
    const range = this.#range(offset, length);
    if (this.#writesSame) {
      const zeroes = new Uint8Array(this.limits.requestAlignment);
      const ended = await this.#session.perform(
        writeSame(range, zeroes, mayUnmap && this.#zeroesByUnmap(range)),
      );
      if (!isUnknown(ended)) {
        this.#check(ended);
        return;
      }
      this.#writesSame = false;
    }
    await this.#writeZeroData(offset, length);
  }

  async flush(): Promise<void> {
    await this.#perform(synchronizeCache());
  }

  /** Only a unit that has changed its size at the other end gets another one here. */
  async truncate(length: number): Promise<void> {
    if (this.#unit.type !== UnitType.disk) throw new CommandError('Cannot resize non-disk iSCSI devices');
    const once = (task: Task): Promise<Ended> => this.#session.perform(task);
    try {
      this.#capacity = await capacityOf(once, UnitType.disk);
    } catch (error) {
      throw error instanceof IoError ? new CommandError(error.message) : error;
    }
    if (length > this.length()) throw new CommandError('Cannot grow iSCSI devices');
  }

  async blockStatus(offset: number, length: number): Promise<BlockStatus> {
    const data = { length, zero: false, allocated: true };
    if (!this.#capacity.isThin) return data;
    const unit = this.limits.requestAlignment;
    const first = Math.floor(offset / unit);
    const target = Buffer.alloc(STATUS_LENGTH);
    const ended = await this.#session.perform(lbaStatus(first, target));
    if (!isGood(ended)) return data;
    const end = (first + target.readUInt32BE(16)) * unit;
    if (ended.received !== STATUS_LENGTH || target.readBigUInt64BE(8) !== BigInt(first) || end <= offset)
      throw new IoError('EIO');
    const isMapped = (target[20]! & 0x0f) === MAPPED;
    return {
      length: Math.min(length, end - offset),
      zero: !isMapped && this.#unit.capacity.unmappedAreZeroes,
      allocated: true,
    };
  }

  info(): DriverInfo {
    const size = this.limits.discardAlignment;
    const isShown = size >= MIN_CLUSTER && size <= MAX_CLUSTER && Number.isInteger(Math.log2(size));
    return { clusterSize: isShown ? size : 0, dirty: false };
  }

  setReadOnly(readOnly: boolean): Promise<void> {
    if (!readOnly) checkWritable(this.#unit, 'Cannot open a write protected LUN as read-write');
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#session.close();
    return Promise.resolve();
  }

  /** A hint, which a unit may fail to take. */
  readonly #discard = async (offset: number, length: number): Promise<void> => {
    const ended = await this.#session.perform(unmap(this.#range(offset, length)));
    if (ended.status !== Status.checkCondition) this.#check(ended);
  };

  #zeroesByUnmap(range: Range): boolean {
    const { canUnmapBySame, capacity } = this.#unit;
    return capacity.unmappedAreZeroes && (range.isLong ? canUnmapBySame.long : canUnmapBySame.short);
  }

  async #writeZeroData(offset: number, length: number): Promise<void> {
    const zeroes = new Uint8Array(Math.min(length, this.limits.maxTransfer));
    for (let done = 0; done < length; done += zeroes.length)
      await this.write(offset + done, zeroes.subarray(0, Math.min(zeroes.length, length - done)));
  }

  #range(offset: number, length: number): Range {
    const unit = this.limits.requestAlignment;
    return {
      first: offset / unit,
      count: length / unit,
      isLong: isLong(this.#capacity),
    };
  }

  async #perform(task: Task): Promise<Ended> {
    const ended = await this.#session.perform(task);
    this.#check(ended);
    return ended;
  }

  #check(ended: Ended): void {
    if (!isGood(ended)) throw new IoError(errnoOf(senseOf(ended.sense)));
  }
}

function isGood({ status }: Ended): boolean {
  return status === Status.good;
}

/** The unit does not know the command, or one of its fields. */
function isUnknown({ sense }: Ended): boolean {
  return UNKNOWN.includes(senseOf(sense).code);
}

const UNKNOWN: readonly number[] = [SenseCode.invalidCommand, SenseCode.invalidField];

function isLong({ blocks }: Capacity): boolean {
  return blocks > MAX_SHORT;
}

function limitsOf({ capacity, maxTransfer, maxUnmap, unmapGranularity, maxWriteSame }: Unit): Limits {
  const { blockSize } = capacity;
  /** So many blocks in bytes, where there are as many, and no more than `most` bytes. */
  const atMost = (blocks: number, most: number): number =>
    blocks === 0 ? most : Math.min(blocks * blockSize, most);
  const shortest = isLong(capacity) ? MAX_WITHOUT_DATA : MAX_SHORT_COUNT * blockSize;
  return {
    requestAlignment: blockSize,
    maxTransfer: atMost(maxTransfer, MAX_TRANSFER),
    zeroAlignment: 0,
    maxZero: atMost(maxWriteSame, Math.min(shortest, MAX_WITHOUT_DATA)),
    discardAlignment: unmapGranularity * blockSize <= MAX_WITHOUT_DATA ? unmapGranularity * blockSize : 0,
    maxDiscard: atMost(maxUnmap, MAX_WITHOUT_DATA),
  };
}
