/**
 * A guest's side of IDE disks and CD drives, through the machine's ports by qtest. The machine has a firmware that halts,
 * so that nobody but the case touches the devices. A stopping policy shows only in a machine that runs: send `cont` first.
 */
import type { ImageSpec, Topology } from '../../targets/target.ts';
import type { CaseContext } from '../case.ts';

const FIRMWARE = 'firmware.bin';
const HALT = 0xf4;

/** A topology with a PC, these drives and devices, and qtest. IDE of a `pc` has two buses (`ide.0`, `ide.1`) of two units. */
export function pc(
  name: string,
  images: readonly ImageSpec[],
  options: readonly string[],
  machine: 'pc' | 'q35' = 'pc',
): Topology {
  const size = 64 << 10;
  const firmware = { path: FIRMWARE, format: 'raw', size, fill: [{ offset: 0, length: size, byte: HALT }] };
  return {
    name,
    images: [firmware, ...images],
    options: [
      '-machine',
      machine,
      '-bios',
      `@DIR@/${FIRMWARE}`,
      '-qtest',
      'unix:@DIR@/qtest.sock,server=on,wait=off',
      '-qtest-log',
      '/dev/null',
      ...options,
    ],
    monitors: 1,
  };
}

/** What the drive said at the end of a command. */
export interface IdeResult {
  /** It told no error. */
  readonly ok: boolean;
  /** The error register. */
  readonly error: number;
  /** What was read. */
  readonly data: Buffer;
}

/** Lines of qtest that write words to a port. */
export function wordsOut(port: number, data: Buffer): string[] {
  return Array.from({ length: data.length / 2 }, (_, at) => `outw ${port} ${data.readUInt16LE(at * 2)}`);
}

/** The number that an answer of qtest tells. */
export function valueIn(answer: string): number {
  return Number(answer.split(' ')[1]);
}

const SECTOR = 512;
const PORTS = { 'ide.0': 0x1f0, 'ide.1': 0x170 } as const;
const STATUS = { busy: 0x80, fault: 0x20, data: 0x08, error: 0x01 } as const;
const COMMAND = {
  identify: 0xec,
  read: 0x20,
  write: 0x30,
  flush: 0xe7,
  packet: 0xa0,
  setFeatures: 0xef,
} as const;
/** What SET FEATURES is told about the write cache. */
const WRITE_CACHE = { on: 0x02, off: 0x82 } as const;
/** Looks at a busy drive before it counts as one that stays so. */
const MOST_POLLS = 20_000;

/** One IDE drive, as the guest's driver sees it. */
export class IdeDrive {
  readonly #t: CaseContext;
  readonly #port: number;
  readonly #unit: number;

  constructor(t: CaseContext, bus: keyof typeof PORTS = 'ide.0', unit: 0 | 1 = 0) {
    this.#t = t;
    this.#port = PORTS[bus];
    this.#unit = unit;
  }

  /** Reads one sector of 512 bytes. */
  async read(lba = 0): Promise<IdeResult> {
    await this.begin('read', lba);
    return this.finish(SECTOR);
  }

  /** Reads the sector at a place: cylinder, head, and sector from 1. */
  async readAt(cylinder: number, head: number, sector: number): Promise<IdeResult> {
    await this.#send([
      this.#out(6, 0xa0 | (this.#unit << 4) | head),
      this.#out(2, 1),
      this.#out(3, sector),
      this.#out(4, cylinder & 0xff),
      this.#out(5, cylinder >> 8),
      this.#out(7, COMMAND.read),
    ]);
    return this.finish(SECTOR);
  }

  /** The words of IDENTIFY DEVICE. */
  async identify(): Promise<number[]> {
    await this.#send([this.#out(6, 0xa0 | (this.#unit << 4)), this.#out(7, COMMAND.identify)]);
    const { ok, data } = await this.finish(SECTOR);
    this.#t.check(ok && data.length === SECTOR, 'a disk must tell what it is', 'it does not');
    return Array.from({ length: SECTOR / 2 }, (_, word) => data.readUInt16LE(word * 2));
  }

  /** Writes one sector full of `byte`. */
  async write(lba: number, byte: number): Promise<IdeResult> {
    await this.begin('write', lba, byte);
    return this.finish(0);
  }

  async flush(): Promise<IdeResult> {
    await this.begin('flush');
    return this.finish(0);
  }

  /** Switches the write cache of the drive. */
  async setWriteCache(state: keyof typeof WRITE_CACHE): Promise<IdeResult> {
    await this.#send([
      this.#out(6, 0xa0 | (this.#unit << 4)),
      this.#out(1, WRITE_CACHE[state]),
      this.#out(7, COMMAND.setFeatures),
    ]);
    return this.finish(0);
  }

  /** Starts a command and does not wait for its end. */
  async begin(command: 'read' | 'write' | 'flush', lba = 0, byte = 0): Promise<void> {
    await this.#send([
      this.#out(6, 0xe0 | (this.#unit << 4) | ((lba >> 24) & 0xf)),
      this.#out(2, 1),
      this.#out(3, lba & 0xff),
      this.#out(4, (lba >> 8) & 0xff),
      this.#out(5, (lba >> 16) & 0xff),
      this.#out(7, COMMAND[command]),
    ]);
    if (command !== 'write' || ((await this.#settled()) & STATUS.data) === 0) return;
    await this.#send(wordsOut(this.#port, Buffer.alloc(SECTOR, byte)));
  }

  /** Sends a command packet to a CD drive, and reads what it gives, at most `length` bytes. */
  async packet(bytes: readonly number[], length = 0): Promise<IdeResult> {
    const limit = Math.max(length, 2);
    await this.#send([
      this.#out(6, 0xa0 | (this.#unit << 4)),
      this.#out(1, 0),
      this.#out(4, limit & 0xff),
      this.#out(5, limit >> 8),
      this.#out(7, COMMAND.packet),
    ]);
    if (((await this.#settled()) & STATUS.data) === 0) return this.finish(0);
    await this.#send(wordsOut(this.#port, Buffer.concat([Buffer.from(bytes)], 12)));
    return this.finish(length);
  }

  /** Locks the medium of a CD drive into it, or lets it go. */
  async lock(locked: boolean): Promise<void> {
    await this.#hearOfChange();
    const { ok } = await this.packet([0x1e, 0, 0, 0, locked ? 1 : 0]);
    this.#t.check(ok, 'a CD drive must take a PREVENT ALLOW MEDIUM REMOVAL', 'it told an error');
  }

  /** Reads a block of 2048 bytes of a CD. */
  async readCd(lba = 0): Promise<IdeResult> {
    await this.#hearOfChange();
    return this.packet([0x28, 0, 0, 0, 0, lba, 0, 0, 1], 2048);
  }

  /** A CD drive answers with an error until it has told of a change of its medium. */
  async #hearOfChange(): Promise<void> {
    for (let tries = 0; tries < 3; tries += 1) {
      if ((await this.packet([0x00])).ok) return;
      await this.packet([0x03, 0, 0, 0, 18], 18);
    }
  }

  /** Waits for the end of a command that was started, which reads `length` bytes. */
  async finish(length: number): Promise<IdeResult> {
    const status = await this.#settled();
    const [error = 0] = await this.#values([`inb ${this.#port + 1}`]);
    const ok = (status & (STATUS.error | STATUS.fault)) === 0;
    const has = ok && length > 0 && (status & STATUS.data) !== 0;
    if (!has) return { ok, error, data: Buffer.alloc(0) };
    const words = await this.#values(Array.from({ length: length / 2 }, () => `inw ${this.#port}`));
    const data = Buffer.alloc(length);
    for (const [index, word] of words.entries()) data.writeUInt16LE(word, index * 2);
    const end = await this.#settled();
    return { ok: (end & (STATUS.error | STATUS.fault)) === 0, error, data };
  }

  /** The status when the drive is not busy. */
  async #settled(): Promise<number> {
    for (let polls = 0; polls < MOST_POLLS; polls += 1) {
      const [status = 0] = await this.#values([`inb ${this.#port + 7}`]);
      if ((status & STATUS.busy) === 0) return status;
    }
    return this.#t.fail('a drive must come to the end of a command', 'it stays busy');
  }

  async #values(lines: readonly string[]): Promise<number[]> {
    return (await this.#send(lines)).map(valueIn);
  }

  async #send(lines: readonly string[]): Promise<string[]> {
    const answers = await this.#t.qtest(lines);
    const failed = answers.find((answer) => !answer.startsWith('OK'));
    if (failed !== undefined) this.#t.fail('qtest must carry out what it is told', `it says ${failed}`);
    return answers;
  }

  #out(register: number, value: number): string {
    return `outb ${this.#port + register} ${value}`;
  }
}
