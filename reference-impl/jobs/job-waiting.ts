/** How the work of a job waits, at one place at a time, and how it is woken there. */
import type { Clock } from '../host/clock.ts';
import type { MainLoop } from './main-loop.ts';

export class JobWaiting {
  readonly #clock: Clock;
  readonly #loop: MainLoop;
  #busy = false;
  /** Lets the work go on where it waits. */
  #wake: (() => void) | undefined;
  #resting: (() => void)[] = [];

  constructor(clock: Clock, loop: MainLoop) {
    this.#clock = clock;
    this.#loop = loop;
  }

  /** The work goes on, or waits for I/O only. */
  get busy(): boolean {
    return this.#busy;
  }

  /** The work begins. */
  begin(): void {
    this.#busy = true;
  }

  /** The work has ended; it stays busy until it is concluded. */
  ended(): void {
    this.#tellResting();
  }

  /** Waits until `enter`, or until `ns` have passed; with 0 for a turn of the main loop only. */
  async yield(ns: bigint | undefined): Promise<void> {
    this.#busy = false;
    let stop = () => {};
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const mine = this.#wake;
    // Somebody else may have woken it by then, and it may be waiting for something else.
    const over = () => {
      if (this.#wake === mine) this.enter();
    };
    if (ns === 0n) void this.#loop.turn().then(over);
    else if (ns !== undefined) stop = this.#clock.after(ns, over);
    this.#tellResting();
    await woken;
    stop();
  }

  /** Lets the work go on, if it waits. */
  enter(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    if (wake === undefined) return;
    this.#busy = true;
    wake();
    // The next command finds what came of it.
    void this.#loop.turn();
  }

  /** Resolves when the work waits next, or ends. */
  atRest(): Promise<void> {
    return new Promise((resolve) => this.#resting.push(resolve));
  }

  #tellResting(): void {
    for (const told of this.#resting.splice(0)) told();
  }
}
