/** Looks whether a peer that owes something has fallen silent. */
import type { Clock } from './clock.ts';

/** What is watched of a connection. */
export interface Watched {
  /** Bytes that have arrived so far. */
  received(): number;
  /** Whether the peer has to send anything. */
  owes(): boolean;
  /** The peer owes something, and has sent nothing for as long as is waited. */
  giveUp(reason: Error): void;
}

/** A watch over one connection, which waits so many nanoseconds. */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #patience: bigint;
  readonly #watched: Watched;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, patience: bigint, watched: Watched) {
    this.#clock = clock;
    this.#patience = patience;
    this.#watched = watched;
  }

  /** To be called when something has been asked for: looks after a while whether anything has arrived. */
  begin(): void {
    if (!this.#cancel) this.#watch();
  }

  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #watch(): void {
    const before = this.#watched.received();
    this.#cancel = this.#clock.after(this.#patience, () => {
      this.#cancel = undefined;
      if (!this.#watched.owes()) return;
      if (this.#watched.received() > before) this.#watch();
      else this.#watched.giveUp(new Error('server sends nothing'));
    });
  }
}
