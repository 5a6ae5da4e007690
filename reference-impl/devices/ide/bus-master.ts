/**
 * The bus master of an IDE channel: it moves data between a drive and memory, as a table in memory says. Its registers
 * are those of the "Programming Interface for Bus Master IDE Controller".
 */
import type { GuestMemory } from '../machine/guest-memory.ts';
import type { AccessSize, PortDevice } from '../machine/port-space.ts';

/** Memory as a drive uses it for one command. */
export interface DmaEngine {
  /** Bytes that the table has room for. */
  readonly room: number;
  /** So many bytes that the guest has put there. */
  gather(length: number): Buffer;
  scatter(data: Buffer): void;
  /** The command has come to its end; false: by an error. */
  done(isWell: boolean): void;
}

const Register = { command: 0, status: 2, table: 4 } as const;
const START = 0x01;
const Status = { active: 0x01, error: 0x02, interrupt: 0x04 } as const;
/** Bits of the status that the guest sets as it likes: which drives can do this. */
const DRIVES = 0x60;
const ENTRY = 8;
const LAST = 0x8000_0000;
/** Bytes of a table at most. */
const TABLE = 4096;

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

  write(offset: number, value: number): void {
    if (offset === Register.table) this.#table = (value & ~3) >>> 0;
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
    const pieces = [...this.#pieces()];
    const room = pieces.reduce((sum, { length }) => sum + length, 0);
    let left = room;
    const move = (length: number, piece: (address: number, at: number, length: number) => void): void => {
      left -= length;
      let at = 0;
      for (const { address, length: most } of pieces) {
        const size = Math.min(most, length - at);
        piece(address, at, size);
        at += size;
      }
    };
    this.#begin({
      room,
      gather: (length) => {
        const data = Buffer.alloc(length);
        move(length, (address, at, size) => this.#memory.read(address, size).copy(data, at));
        return data;
      },
      scatter: (data) =>
        move(data.length, (address, at, size) => this.#memory.write(address, data.subarray(at, at + size))),
      // It goes on to wait for what the table has room for.
      done: (isWell) => {
        if (!isWell || left === 0) this.#status &= ~Status.active;
      },
    });
  }

  /** The pieces of memory that the table names, in order. */
  *#pieces(): Generator<{ readonly address: number; readonly length: number }> {
    for (let entry = this.#table; entry < this.#table + TABLE; entry += ENTRY) {
      const bytes = this.#memory.read(entry, ENTRY);
      const control = bytes.readUInt32LE(4);
      yield { address: bytes.readUInt32LE(0), length: control & 0xfffe || 0x10000 };
      if ((control & LAST) !== 0) return;
    }
  }
}
