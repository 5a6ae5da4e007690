/**
 * What is common to the drives on an IDE channel: their registers, and the transfer of data through a port. What
 * commands do is each kind's own.
 */
import type { DmaEngine } from './bus-master.ts';
import { ABORTED, Register, Select, Status } from './ide-registers.ts';

/** Data on their way through the data port. */
interface Transfer {
  readonly data: Buffer;
  at: number;
  readonly direction: 'in' | 'out';
  /** Called when all of it has passed. */
  readonly passed: () => void;
}

/** Bytes left in the cylinder registers by a reset: what kind of drive it is. */
export type Signature = readonly [low: number, high: number];

/** One drive. Its channel decides which drive is meant. */
export abstract class IdeDrive {
  /** What was written to the registers from `feature` to `cylinderHigh`, and before that, as QEMU and ATA call it, their high order byte. */
  readonly registers = new Uint8Array(6);
  readonly previous = new Uint8Array(6);
  /** False for a place where nobody is: the other drive answers for it as well as it can. */
  readonly isPresent: boolean = true;
  select: number = Select.always;
  status: number = Status.ready | Status.seekComplete;
  error = 0;
  readonly #signature: Signature;
  readonly #interrupt: () => void;
  #transfer: Transfer | undefined;
  #dma: ((engine: DmaEngine) => void) | undefined;
  /** Another one after each reset and command: what ends later than the command that began it is nobody's. */
  #epoch = {};

  /** `interrupt` is called whenever the drive asks for one. */
  constructor(signature: Signature, interrupt: () => void) {
    this.#signature = signature;
    this.#interrupt = interrupt;
    this.sign();
  }

  /** Takes a command unless it is at another; `code` is what was written to the command register. */
  command(code: number): void {
    if (!this.isBusy) this.execute(code);
  }

  /** Carries out a command. */
  protected abstract execute(code: number): void;

  /** The drive's own part of a reset. */
  protected abstract resetDrive(): void;

  /** A bus master is there to move the data of the command. */
  startDma(engine: DmaEngine): void {
    const go = this.#dma;
    this.#dma = undefined;
    if (go === undefined) return;
    this.status = (this.status & ~Status.dataRequest) | Status.busy;
    go(engine);
  }

  /** The command goes on when a bus master is started. */
  protected awaitDma(go: (engine: DmaEngine) => void): void {
    this.#dma = go;
    this.status |= Status.dataRequest;
  }

  /** Neither registers nor commands are taken. */
  get isBusy(): boolean {
    return (this.status & (Status.busy | Status.dataRequest)) !== 0;
  }

  /** As a reset of its channel does. */
  reset(): void {
    this.#epoch = {};
    this.stopTransfer();
    this.error = 1;
    this.status = Status.ready | Status.seekComplete;
    this.registers[Register.feature] = 0;
    this.previous.fill(0);
    this.resetDrive();
    this.sign();
  }

  /** Leaves in the registers what kind of drive it is. */
  sign(): void {
    this.select = Select.always;
    const [low, high] = this.#signature;
    this.registers.set([1, 1, low, high], Register.count);
  }

  /** A word from the data port, or several; zeroes where there is nothing to read. */
  readData(size: number): number {
    const transfer = this.#transfer;
    if (transfer?.direction !== 'in') return 0;
    const { data, at } = transfer;
    // What is odd at the end is padded, as the standard says.
    const length = Math.min(size, data.length - at);
    const value = data.readUIntLE(at, length);
    transfer.at = at + length;
    if (transfer.at === data.length) this.#pass(transfer);
    return value;
  }

  writeData(value: number, size: number): void {
    const transfer = this.#transfer;
    if (transfer?.direction !== 'out') return;
    const { data, at } = transfer;
    const length = Math.min(size, data.length - at);
    data.writeUIntLE(length === size ? value : value % 2 ** (8 * length), at, length);
    transfer.at = at + length;
    if (transfer.at === data.length) this.#pass(transfer);
  }

  #pass(transfer: Transfer): void {
    this.stopTransfer();
    transfer.passed();
  }

  /** Has the guest read `data` through the port. */
  protected give(data: Buffer, passed: () => void): void {
    this.#transfer = { data, at: 0, direction: 'in', passed };
    this.status |= Status.dataRequest;
  }

  /** Has the guest write so many bytes. */
  protected take(length: number, passed: (data: Buffer) => void): void {
    const data = Buffer.alloc(length);
    this.#transfer = { data, at: 0, direction: 'out', passed: () => passed(data) };
    this.status |= Status.dataRequest;
  }

  protected stopTransfer(): void {
    this.#transfer = undefined;
    this.#dma = undefined;
    this.status &= ~Status.dataRequest;
  }

  protected interrupt(): void {
    this.#interrupt();
  }

  /** Refuses the command. */
  protected abort(): void {
    this.stopTransfer();
    this.status = Status.ready | Status.error;
    this.error = ABORTED;
    this.interrupt();
  }

  /** The command ends as the request does: `done` is called if that is well, before the guest hears of it. `engine` hears of the end. */
  protected endWith(
    request: Promise<{ readonly ok: boolean }>,
    done: () => void = () => {},
    engine?: DmaEngine,
  ): void {
    this.status |= Status.busy;
    this.when(request, ({ ok }) => {
      this.status &= ~Status.busy;
      if (!ok) {
        engine?.done(false);
        this.abort();
        return;
      }
      done();
      engine?.done(true);
      this.interrupt();
    });
  }

  /** What a command begins after which everything that others began is dropped. */
  protected beginCommand(): void {
    this.#epoch = {};
  }

  /** Goes on with what `work` brings, unless there was a reset or another command meanwhile. */
  protected when<T>(work: Promise<T>, goOn: (result: T) => void): void {
    const epoch = this.#epoch;
    void work.then((result) => {
      if (epoch === this.#epoch) goOn(result);
    });
  }
}
