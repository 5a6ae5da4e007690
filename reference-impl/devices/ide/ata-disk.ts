/**
 * An ATA disk: the commands of the ATA standard that a PC's firmware and drivers use, with data through the port. What
 * is not in the table is aborted.
 */
import type { Geometry } from '../geometry.ts';
import { nameSector, sectorOf } from './ata-addressing.ts';
import { ATA_COMMANDS } from './ata-commands.ts';
import type { DmaEngine } from './bus-master.ts';
import type { DiskForm, IdeBacking } from './ide-backing.ts';
import { IdeDrive } from './ide-drive.ts';
import { Register, Status } from './ide-registers.ts';
import { FIRST_MODES, identifyDisk, MOST_MULTIPLE, type TransferModes } from './identify-data.ts';

const SECTOR = 512;

/** A disk. Its commands are in `ata-commands.ts`. */
export class AtaDisk extends IdeDrive {
  readonly backing: IdeBacking;
  readonly #form: DiskForm;
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

  constructor(backing: IdeBacking, form: DiskForm, interrupt: () => void) {
    super([0, 0], interrupt);
    this.backing = backing;
    this.#form = form;
    this.#counting = form.geometry;
  }

  get total(): number {
    return Math.floor((this.backing.length() ?? 0) / SECTOR);
  }

  protected override execute(code: number): void {
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
        form: this.#form,
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
    this.#awaitMemory((engine) => {
      const data = Buffer.alloc(this.#left * SECTOR);
      this.#move('read', data, () => engine.scatter(data), engine);
    });
  }

  /** As `beginWrite`, all at once and from memory. */
  beginWriteDma(): void {
    this.#begin(this.total);
    this.#awaitMemory((engine) => {
      const data = engine.gather(this.#left * SECTOR);
      this.#move('write', data, () => {}, engine);
    });
  }

  /** Discards the ranges that a table in memory names. */
  beginTrim(): void {
    this.#begin(1);
    const blocks = this.#left;
    this.#awaitMemory((engine) => {
      const advance = () => this.#advance(this.#sector + blocks, blocks);
      this.endWith(this.#discard(engine.gather(blocks * SECTOR)), advance, engine);
    });
  }

  /** The command is given up, and nobody told, where a table has no room for all of its sectors. */
  #awaitMemory(go: (engine: DmaEngine) => void): void {
    this.awaitDma((engine) => {
      if (engine.room >= this.#left * SECTOR) {
        go(engine);
        return;
      }
      this.status &= ~Status.busy;
      engine.done(false);
    });
  }

  /** A range has the number of its first sector in 48 bits, and how many there are in 16. */
  async #discard(table: Buffer): Promise<{ readonly ok: boolean }> {
    for (let at = 0; at < table.length; at += 8) {
      const count = table.readUInt16LE(at + 6);
      if (count === 0) continue;
      const sector = table.readUIntLE(at, 6);
      if (sector + count > this.total) return { ok: false };
      const { ok } = await this.backing.io.discard(sector * SECTOR, count * SECTOR);
      if (!ok) return { ok };
    }
    return { ok: true };
  }

  flush(): void {
    this.endWith(this.backing.io.flush());
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

  #read(): void {
    if (this.#left === 0) return;
    const data = Buffer.alloc(Math.min(this.#left, this.#step) * SECTOR);
    this.#move('read', data, () => this.give(data, () => this.#read()));
  }

  #awaitData(): void {
    this.take(Math.min(this.#left, this.#step) * SECTOR, (data) =>
      this.#move('write', data, () => {
        if (this.#left > 0) this.#awaitData();
      }),
    );
  }

  /**
   * Reads or writes the sectors from the one on that the registers name. `moved` is called when the registers name the
   * next one, before the guest hears of it; `engine` moves the data.
   */
  #move(kind: 'read' | 'write', data: Buffer, moved: () => void, engine?: DmaEngine): void {
    const sector = this.#sector;
    const count = data.length / SECTOR;
    const isInside = sector >= 0 && sector + count <= this.total;
    // A request beyond the end is made all the same, to be counted.
    const from = isInside ? sector : Math.max(sector, this.total);
    const request = this.backing.io[kind](from * SECTOR, data);
    if (!isInside) {
      engine?.done(false);
      this.abort();
      return;
    }
    const advance = () => {
      this.#advance(sector + count, count);
      moved();
    };
    this.endWith(request, advance, engine);
  }

  #advance(sector: number, count: number): void {
    this.#left -= count;
    this.registers[Register.count] = this.#left & 0xff;
    if (this.#wide) this.previous[Register.count] = (this.#left >> 8) & 0xff;
    nameSector(this, sector, this.#wide, this.#counting);
  }
}
