/** The tray of a CD drive. It is moved by commands, and by a guest, which may lock it. */
import type { TrayState } from '../backend/attached-device.ts';

/** A tray, closed and unlocked at first. */
export class Tray implements TrayState {
  readonly #moved: (open: boolean) => void;
  #open = false;
  #locked = false;

  /** `moved` is told each time that it is where it was not. */
  constructor(moved: (open: boolean) => void) {
    this.#moved = moved;
  }

  get open(): boolean {
    return this.#open;
  }

  get locked(): boolean {
    return this.#locked;
  }

  /** Nothing happens if it is there. */
  move(open: boolean): void {
    if (open === this.#open) return;
    this.#open = open;
    this.#moved(open);
  }

  /** As it is at first; nobody is told. */
  reset(): void {
    this.#open = false;
    this.#locked = false;
  }

  /** Called for the guest. */
  lock(): void {
    this.#locked = true;
  }

  unlock(): void {
    this.#locked = false;
  }
}
