/**
 * An ATA disk: the commands of the ATA standard that a PC's firmware and drivers use, with data through the port. What
 * is not in the table is aborted.
 */
import { type Geometry, guessedGeometry, nameSector, sectorOf } from './ata-addressing.ts';
import { ATA_COMMANDS } from './ata-commands.ts';
import type { DmaEngine } from './bus-master.ts';
import type { IdeBacking } from './ide-backing.ts';
import { IdeDrive } from './ide-drive.ts';
import { Register, Status } from './ide-registers.ts';
import { FIRST_MODES, identifyDisk, MOST_MULTIPLE, type TransferModes } from './identify-data.ts';

const SECTOR = 512;

/** A disk. Its commands are in `ata-commands.ts`. */
export class AtaDisk extends IdeDrive {
  readonly backing: IdeBacking;
  modes: TransferModes = { ...FIRST_MODES };
  /** Sectors at a time of READ and WRITE MULTIPLE; 0: they are refused. */
  multiple = MOST_MULTIPLE;
  /** How addresses by cylinder, head and sector count. */
  #counting: Geometry;
  /** What IDENTIFY DEVICE told first, it goes on to tell. */
  #told: { readonly geometry: Geometry; readonly multiple: number } | undefined;
  /** The command uses 48 bits. */
  #wide = false;
  /** Sectors that are left of a transfer. */
  #left = 0;
  /** Sectors between two interrupts. */
  #step = 1;

  constructor(backing: IdeBacking, interrupt: (drive: IdeDrive) => void) {
    super([0, 0], interrupt);
    this.backing = backing;
    this.#counting = guessedGeometry(this.total);
  }

  get total(): number {
    return Math.floor((this.backing.length() ?? 0) / SECTOR);
  }

  override execute(code: number): void {
    const command = ATA_COMMANDS.get(code);
    this.beginCommand();
    this.error = 0;
    if (command === undefined) {
      this.abort();
      return;
    }
    this.status = Status.ready | (command.keepsSeek ? Status.seekComplete : 0);
    this.#wide = command.wide === true;
    command.run(this);
  }

  protected override resetDrive(): void {
    this.backing.io.reset();
    this.multiple = MOST_MULTIPLE;
  }

  /** The command is done. */
  finish(): void {
    this.interrupt();
  }

  refuse(): void {
    this.abort();
  }

  /** Gives what IDENTIFY DEVICE asks for. */
  identify(): void {
    if (this.#told === undefined) {
      this.#told = { geometry: this.#counting, multiple: this.multiple };
      this.modes = { ...FIRST_MODES };
    }
    this.give(
      identifyDisk({
        labels: this.backing.labels,
        total: this.total,
        ...this.#told,
        modes: this.modes,
        writeCache: this.backing.writeCache,
      }),
      () => {},
    );
    this.interrupt();
  }

  /** Has addresses by cylinder, head and sector count so many heads and sectors. */
  countBy(heads: number, sectors: number): void {
    if (sectors > 0) this.#counting = { ...this.#counting, heads, sectors };
  }

  /** Has the registers name the last sector. */
  nameLast(): void {
    nameSector(this, this.total - 1, this.#wide, this.#counting);
  }

  /** Reads the sectors that the registers name, so many at a time. */
  beginRead(step: number): void {
    this.#begin(step);
    this.#read();
  }

  /** Writes the sectors that the registers name, so many at a time. */
  beginWrite(step: number): void {
    this.#begin(step);
    this.#awaitData();
  }

  /** As `beginRead`, all at once and into memory. */
  beginReadDma(): void {
    this.#begin(this.total);
    this.awaitDma((engine) => {
      const { io } = this.backing;
      const data = Buffer.alloc(this.#left * SECTOR);
      this.#dma(
        engine,
        data,
        (offset) => io.read(offset, data),
        () => engine.scatter(data),
      );
    });
  }

  /** As `beginWrite`, all at once and from memory. */
  beginWriteDma(): void {
    this.#begin(this.total);
    this.awaitDma((engine) => {
      const data = engine.gather(this.#left * SECTOR);
      this.#dma(
        engine,
        data,
        (offset) => this.backing.io.write(offset, data),
        () => {},
      );
    });
  }

  /** Discards the ranges that a table in memory names. */
  beginTrim(): void {
    this.#begin(1);
    const blocks = this.#left;
    this.awaitDma((engine) => {
      this.when(this.#discard(engine.gather(blocks * SECTOR)), (isDone) => {
        if (isDone) this.#advance(this.#sector + blocks, blocks);
        this.#endDma(engine, isDone);
      });
    });
  }

  /** A range has the number of its first sector in 48 bits, and how many there are in 16. */
  async #discard(table: Buffer): Promise<boolean> {
    for (let at = 0; at < table.length; at += 8) {
      const count = table.readUInt16LE(at + 6);
      if (count === 0) continue;
      const sector = table.readUIntLE(at, 6);
      if (sector + count > this.total) return false;
      const { ok } = await this.backing.io.discard(sector * SECTOR, count * SECTOR);
      if (!ok) return false;
    }
    return true;
  }

  #dma(
    engine: DmaEngine,
    data: Buffer,
    make: (offset: number) => Promise<{ readonly ok: boolean }>,
    moved: () => void,
  ): void {
    const sector = this.#sector;
    const count = data.length / SECTOR;
    if (!this.#isInside(sector, count, make)) {
      engine.done();
      return;
    }
    this.when(make(sector * SECTOR), ({ ok }) => {
      if (ok) {
        moved();
        this.#advance(sector + count, count);
      }
      this.#endDma(engine, ok);
    });
  }

  #endDma(engine: DmaEngine, isDone: boolean): void {
    engine.done();
    this.status = Status.ready | Status.seekComplete;
    if (isDone) this.interrupt();
    else this.abort();
  }

  flush(): void {
    this.status |= Status.busy;
    this.when(this.backing.io.flush(), ({ ok }) => {
      this.status &= ~Status.busy;
      if (ok) this.interrupt();
      else this.abort();
    });
  }

  #begin(step: number): void {
    const low = this.registers[Register.count]!;
    this.#left = this.#wide ? (this.previous[Register.count]! << 8) | low : low;
    if (this.#left === 0) this.#left = this.#wide ? 65536 : 256;
    this.#step = step;
  }

  get #sector(): number {
    return sectorOf(this, this.#wide, this.#counting);
  }

  /** False: the sectors are not on the disk, and the command has been refused. The request is made, to be counted. */
  #isInside(sector: number, count: number, make: (offset: number) => Promise<unknown>): boolean {
    if (sector >= 0 && sector + count <= this.total) return true;
    void make(Math.max(sector, this.total) * SECTOR);
    this.abort();
    return false;
  }

  #read(): void {
    if (this.#left === 0) return;
    const { io } = this.backing;
    const sector = this.#sector;
    const data = Buffer.alloc(Math.min(this.#left, this.#step) * SECTOR);
    const count = data.length / SECTOR;
    this.status |= Status.busy;
    if (!this.#isInside(sector, count, (offset) => io.read(offset, data))) return;
    this.when(io.read(sector * SECTOR, data), ({ ok }) => {
      this.status &= ~Status.busy;
      if (!ok) {
        this.abort();
        return;
      }
      this.#advance(sector + count, count);
      this.give(data, () => this.#read());
      this.interrupt();
    });
  }

  #awaitData(): void {
    this.take(Math.min(this.#left, this.#step) * SECTOR, (data) => this.#write(data));
  }

  #write(data: Buffer): void {
    const { io } = this.backing;
    const sector = this.#sector;
    const count = data.length / SECTOR;
    this.status |= Status.busy;
    if (!this.#isInside(sector, count, (offset) => io.write(offset, data))) return;
    this.when(io.write(sector * SECTOR, data), ({ ok }) => {
      this.status &= ~Status.busy;
      if (!ok) {
        this.abort();
        return;
      }
      this.#advance(sector + count, count);
      if (this.#left > 0) this.#awaitData();
      this.interrupt();
    });
  }

  #advance(sector: number, count: number): void {
    this.#left -= count;
    this.registers[Register.count] = this.#left & 0xff;
    if (this.#wide) this.previous[Register.count] = (this.#left >> 8) & 0xff;
    nameSector(this, sector, this.#wide, this.#counting);
  }
}
