/**
 * The bus master of an IDE channel: it moves data between a drive and memory, as a table in memory says. Its registers
 * are those of the "Programming Interface for Bus Master IDE Controller".
 */
import type { GuestMemory } from '../machine/guest-memory.ts';
import type { AccessSize, PortDevice } from '../machine/port-space.ts';

/** Memory as a drive uses it for one command. */
export interface DmaEngine {
  /** So many bytes that the guest has put there. */
  gather(length: number): Buffer;
  scatter(data: Buffer): void;
  /** The command has come to its end. */
  done(): void;
}

const Register = { command: 0, status: 2, table: 4 } as const;
const START = 0x01;
const Status = { active: 0x01, error: 0x02, interrupt: 0x04 } as const;
/** Bits of the status that the guest sets as it likes: which drives can do this. */
const DRIVES = 0x60;
const ENTRY = 8;
const LAST = 0x8000_0000;

/** Eight ports. */
export class BusMaster implements PortDevice {
  readonly #memory: GuestMemory;
  /** Has the channel's drive begin. */
  readonly #begin: (engine: DmaEngine) => void;
  #command = 0;
  #status = 0;
  #table = 0;

  constructor(memory: GuestMemory, begin: (engine: DmaEngine) => void) {
    this.#memory = memory;
    this.#begin = begin;
  }

  /** The drive has asked for an interrupt. */
  interrupted(): void {
    this.#status |= Status.interrupt;
  }

  read(offset: number, size: AccessSize): number {
    if (offset >= Register.table) return (this.#table >>> (8 * (offset - Register.table))) % 2 ** (8 * size);
    if (offset === Register.command) return this.#command;
    return offset === Register.status ? this.#status : 0xff;
  }

  write(offset: number, value: number, size: AccessSize): void {
    if (offset === Register.table && size === 4) this.#table = (value & ~3) >>> 0;
    else if (offset === Register.command) this.#start(value & 0x09);
    else if (offset === Register.status) {
      const kept = this.#status & ~(value & (Status.error | Status.interrupt));
      this.#status = (kept & ~DRIVES) | (value & DRIVES);
    }
  }

  #start(value: number): void {
    const starts = (value & START) !== 0 && (this.#command & START) === 0;
    this.#command = value;
    if ((value & START) === 0) this.#status &= ~Status.active;
    if (!starts) return;
    this.#status |= Status.active;
    this.#begin({
      gather: (length) => this.#gather(length),
      scatter: (data) => this.#scatter(data),
      done: () => {
        this.#status &= ~Status.active;
      },
    });
  }

  /** The pieces of memory, in order, as many as `length` bytes need. */
  *#pieces(
    length: number,
  ): Generator<{ readonly address: number; readonly at: number; readonly length: number }> {
    let at = 0;
    for (let entry = this.#table; at < length; entry += ENTRY) {
      const bytes = this.#memory.read(entry, ENTRY);
      const control = bytes.readUInt32LE(4);
      const size = control & 0xfffe || 0x10000;
      const piece = Math.min(size, length - at);
      yield { address: bytes.readUInt32LE(0), at, length: piece };
      at += piece;
      if ((control & LAST) !== 0) return;
    }
  }

  #gather(length: number): Buffer {
    const data = Buffer.alloc(length);
    for (const piece of this.#pieces(length))
      this.#memory.read(piece.address, piece.length).copy(data, piece.at);
    return data;
  }

  #scatter(data: Buffer): void {
    for (const { address, at, length } of this.#pieces(data.length))
      this.#memory.write(address, data.subarray(at, at + length));
  }
}
