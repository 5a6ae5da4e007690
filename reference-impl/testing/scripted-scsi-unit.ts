/** A disk in memory behind a test's own iSCSI target (SPC-4, SBC-3); a test may have it say something else. */

export const Status = {
  good: 0x00,
  checkCondition: 0x02,
  busy: 0x08,
  conflict: 0x18,
  setFull: 0x28,
} as const;

/** What came of a command; `bytes` are the data of a success, and the sense data of a check condition. */
export interface Outcome {
  readonly status: number;
  readonly bytes: Uint8Array;
}

export interface UnitOptions {
  readonly blockSize?: number;
  /** 0 is a disk. */
  readonly type?: number;
  readonly readOnly?: boolean;
  /** It can unmap, and what is unmapped reads as zeroes. */
  readonly thin?: boolean;
  /** Page of vital product data by number, without its head. */
  readonly pages?: Readonly<Record<number, Uint8Array>>;
  /** The result stands instead of what the unit would do. */
  readonly instead?: ((command: Buffer, data: Buffer) => Outcome | undefined) | undefined;
}

export const good = (bytes: Uint8Array = new Uint8Array()): Outcome => ({ status: Status.good, bytes });

/** A check condition with fixed sense data: key, code and qualifier. */
export function sense(key: number, code: number, qualifier = 0): Outcome {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt16BE(18, 0);
  bytes[2] = 0x70;
  bytes[4] = key;
  bytes[9] = 10;
  bytes[14] = code;
  bytes[15] = qualifier;
  return { status: Status.checkCondition, bytes };
}

/** The same as descriptor sense data. */
export function descriptorSense(key: number, code: number, qualifier = 0): Outcome {
  const bytes = Buffer.alloc(10);
  bytes.writeUInt16BE(8, 0);
  bytes.set([0x72, key, code, qualifier], 2);
  return { status: Status.checkCondition, bytes };
}

/** What READ CAPACITY (16) answers. */
export function capacity(blocks: bigint, blockSize: number, thinness = 0): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.writeBigUInt64BE(blocks - 1n, 0);
  bytes.writeUInt32BE(blockSize, 8);
  bytes[14] = thinness;
  return bytes;
}

/** The page of block limits, without its head. */
export function blockLimits(limits: {
  readonly granularity?: number;
  readonly maxTransfer?: number;
  readonly maxUnmap?: number;
  readonly maxDescriptors?: number;
  readonly unmapGranularity?: number;
  readonly maxWriteSame?: number;
}): Buffer {
  const page = Buffer.alloc(60);
  page.writeUInt16BE(limits.granularity ?? 0, 2);
  page.writeUInt32BE(limits.maxTransfer ?? 0, 4);
  page.writeUInt32BE(limits.maxUnmap ?? 0xffffffff, 16);
  page.writeUInt32BE(limits.maxDescriptors ?? 1, 20);
  page.writeUInt32BE(limits.unmapGranularity ?? 0, 24);
  page.writeBigUInt64BE(BigInt(limits.maxWriteSame ?? 0), 32);
  return page;
}

/** The page of logical block provisioning, without its head. */
export function provisioning({
  unmap = true,
  writeSame16 = true,
  writeSame10 = true,
  zeroes = true,
} = {}): Buffer {
  const bits = (unmap ? 0x80 : 0) | (writeSame16 ? 0x40 : 0) | (writeSame10 ? 0x20 : 0) | (zeroes ? 4 : 0);
  return Buffer.from([0, bits, 2, 0]);
}

const INVALID_COMMAND = sense(5, 0x20);
const INVALID_FIELD = sense(5, 0x24);
const WRITE_PROTECTED = sense(7, 0x27);

/** One logical unit. */
export class ScsiUnit {
  bytes: Buffer;
  readonly options: UnitOptions;
  readonly blockSize: number;
  /** Blocks that were never written, or unmapped; of a thin unit. */
  readonly mapped = new Set<number>();
  /** The commands that came, in order. */
  readonly log: Buffer[] = [];

  constructor(bytes: Buffer, options: UnitOptions = {}) {
    this.bytes = bytes;
    this.options = options;
    this.blockSize = options.blockSize ?? 512;
  }

  /** The first bytes of the commands that came, in order. */
  get operations(): number[] {
    return this.log.map((command) => command[0]!);
  }

  perform(command: Buffer, data: Buffer): Outcome {
    this.log.push(Buffer.from(command));
    return this.options.instead?.(command, data) ?? this.#perform(command, data);
  }

  #perform(command: Buffer, data: Buffer): Outcome {
    switch (command[0]) {
      case 0x00:
      case 0x35:
      case 0x91:
        return good();
      case 0x12:
        return this.#inquiry(command);
      case 0x1a:
        return good(Buffer.from([3, 0, this.options.readOnly ? 0x80 : 0, 0]));
      case 0x25:
        return good(this.#shortCapacity());
      case 0x28:
      case 0x88:
        return this.#read(command);
      case 0x2a:
      case 0x8a:
        return this.#write(command, data);
      case 0x41:
      case 0x93:
        return this.#writeSame(command, data);
      case 0x42:
        return this.#unmap(data);
      case 0x9e:
        return this.#serviceAction(command);
      default:
        return INVALID_COMMAND;
    }
  }

  #inquiry(command: Buffer): Outcome {
    const { type = 0, pages = {} } = this.options;
    if ((command[1]! & 1) === 0) {
      const bytes = Buffer.alloc(36);
      bytes.set([type, 0, 6, 2, 31]);
      bytes.write('EXAMPLE DISK IN MEMORY  1.0', 8, 'latin1');
      return good(bytes);
    }
    const code = command[2]!;
    const listed = [0, ...Object.keys(pages).map(Number)];
    const page = code === 0 ? Buffer.from(listed) : pages[code];
    if (page === undefined) return INVALID_FIELD;
    return good(Buffer.concat([Buffer.from([type, code, page.length >> 8, page.length & 0xff]), page]));
  }

  get #blocks(): number {
    return this.bytes.length / this.blockSize;
  }

  #shortCapacity(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(this.#blocks - 1, 0);
    bytes.writeUInt32BE(this.blockSize, 4);
    return bytes;
  }

  #serviceAction(command: Buffer): Outcome {
    const action = command[1]! & 0x1f;
    if (action === 0x10)
      return good(capacity(BigInt(this.#blocks), this.blockSize, this.options.thin ? 0xc0 : 0));
    return action === 0x12 && this.options.thin ? this.#status(command) : INVALID_FIELD;
  }

  #status(command: Buffer): Outcome {
    const first = Number(command.readBigUInt64BE(2));
    const isMapped = this.mapped.has(first);
    let end = first + 1;
    while (end < this.#blocks && this.mapped.has(end) === isMapped) end += 1;
    const bytes = Buffer.alloc(24);
    bytes.writeUInt32BE(20, 0);
    bytes.writeBigUInt64BE(BigInt(first), 8);
    bytes.writeUInt32BE(end - first, 16);
    bytes[20] = isMapped ? 0 : 1;
    return good(bytes);
  }

  #range(command: Buffer): readonly [first: number, count: number] {
    const isLong = command[0]! >= 0x80;
    return isLong
      ? [Number(command.readBigUInt64BE(2)), command.readUInt32BE(10)]
      : [command.readUInt32BE(2), command.readUInt16BE(7)];
  }

  #read(command: Buffer): Outcome {
    const [first, count] = this.#range(command);
    if (first + count > this.#blocks) return sense(5, 0x21);
    return good(this.bytes.subarray(first * this.blockSize, (first + count) * this.blockSize));
  }

  #write(command: Buffer, data: Buffer): Outcome {
    const [first, count] = this.#range(command);
    if (this.options.readOnly) return WRITE_PROTECTED;
    if (first + count > this.#blocks) return sense(5, 0x21);
    data.copy(this.bytes, first * this.blockSize, 0, count * this.blockSize);
    this.#map(first, count, true);
    return good();
  }

  #writeSame(command: Buffer, data: Buffer): Outcome {
    const [first, count] = this.#range(command);
    if (this.options.readOnly) return WRITE_PROTECTED;
    if (first + count > this.#blocks) return sense(5, 0x21);
    const one = data.length > 0 ? data.subarray(0, this.blockSize) : Buffer.alloc(this.blockSize);
    for (let at = first; at < first + count; at += 1) one.copy(this.bytes, at * this.blockSize);
    this.#map(first, count, (command[1]! & 8) === 0);
    return good();
  }

  #unmap(data: Buffer): Outcome {
    if (!this.options.thin) return INVALID_COMMAND;
    for (let at = 8; at + 16 <= data.length; at += 16) {
      const [first, count] = [Number(data.readBigUInt64BE(at)), data.readUInt32BE(at + 8)];
      this.bytes.fill(0, first * this.blockSize, (first + count) * this.blockSize);
      this.#map(first, count, false);
    }
    return good();
  }

  #map(first: number, count: number, isMapped: boolean): void {
    for (let at = first; at < first + count; at += 1)
      if (isMapped) this.mapped.add(at);
      else this.mapped.delete(at);
  }
}
