/** An IDE channel: two drives behind one set of ports, of which one is selected. */
import type { AccessSize, PortDevice } from '../machine/port-space.ts';
import type { BusMaster, DmaEngine } from './bus-master.ts';
import type { IdeDrive } from './ide-drive.ts';
import { Control, Register, Select } from './ide-registers.ts';

/** A channel. Its ports are those of the registers; `control` is the port of its control register. */
export class IdeChannel implements PortDevice {
  readonly control: PortDevice = {
    read: () => this.#status(),
    write: (_, value) => this.#writeControl(value),
  };
  /** Hears of interrupts; it is started by the guest. */
  busMaster: BusMaster | undefined;
  /** By their number. */
  readonly #drives: readonly IdeDrive[];
  readonly #line: (high: boolean) => void;
  #selected: 0 | 1 = 0;
  #controlBits = 0;

  /** `make` makes both drives, `AbsentDrive`s where there are none. `line` is the channel's interrupt line. */
  constructor(make: (interrupt: () => void) => readonly [IdeDrive, IdeDrive], line: (high: boolean) => void) {
    this.#drives = make(() => this.#interrupt());
    this.#line = line;
  }

  read(register: number, size: AccessSize): number {
    if (this.#isEmpty) return 0;
    const drive = this.#drive;
    switch (register) {
      case Register.data:
        // A byte is the lower half of a word that is taken whole.
        return size === 1 ? drive.readData(2) & 0xff : drive.readData(size);
      case Register.feature:
        if (!this.#answers(drive)) return 0;
        return this.#readsPrevious ? drive.previous[Register.feature]! : drive.error;
      case Register.select:
        return drive.select;
      case Register.command:
        // Whoever looks at the status has heard the interrupt.
        this.#line(false);
        return this.#status();
      default:
        return (this.#readsPrevious ? drive.previous : drive.registers)[register]!;
    }
  }

  write(register: number, value: number, size: AccessSize): void {
    if (register === Register.data) {
      if (size > 1) this.#drive.writeData(value, size);
      return;
    }
    if (register === Register.command) {
      this.#command(value);
      return;
    }
    if (this.#drive.isBusy) return;
    this.#controlBits &= ~Control.highOrderByte;
    if (register === Register.select) this.#choose(value);
    // Both drives hear what is written.
    else
      for (const { registers, previous } of this.#drives) {
        previous[register] = registers[register]!;
        registers[register] = value;
      }
  }

  /** A bus master is ready for the selected drive. */
  startDma(engine: DmaEngine): void {
    this.#drive.startDma(engine);
  }

  get #drive(): IdeDrive {
    return this.#drives[this.#selected]!;
  }

  get #isEmpty(): boolean {
    return !this.#drives.some(({ isPresent }) => isPresent);
  }

  get #readsPrevious(): boolean {
    return (this.#controlBits & Control.highOrderByte) !== 0;
  }

  #choose(value: number): void {
    this.#selected = (value & Select.second) === 0 ? 0 : 1;
    for (const drive of this.#drives) drive.select = value | Select.always;
  }

  #status(): number {
    return this.#answers(this.#drive) ? this.#drive.status : 0;
  }

  /** A first drive that is absent has a status all the same. */
  #answers(drive: IdeDrive): boolean {
    return drive.isPresent || drive === this.#drives[0];
  }

  #command(code: number): void {
    this.#line(false);
    this.#controlBits &= ~Control.highOrderByte;
    this.#drive.command(code);
  }

  #writeControl(value: number): void {
    this.#controlBits = value;
    if ((value & Control.reset) === 0) return;
    for (const drive of this.#drives) drive.reset();
  }

  /** Also of a drive that is not selected, whose tray moves. */
  #interrupt(): void {
    if ((this.#controlBits & Control.noInterrupt) !== 0) return;
    this.busMaster?.interrupted();
    this.#line(true);
  }
}
