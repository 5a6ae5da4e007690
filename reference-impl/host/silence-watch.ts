/** Looks whether a peer that owes something has fallen silent. */
import { afterPatience, type Waiting } from './patience.ts';

/** How often a peer is let go on that sends something, but not all that it owes, while the endpoint ends. */
const LAST_ROUNDS = 4;

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
  readonly #waiting: Waiting;
  readonly #patience: bigint;
  readonly #watched: Watched;
  #cancel: (() => void) | undefined;
  #lastRounds = 0;

  constructor(waiting: Waiting, patience: bigint, watched: Watched) {
    this.#waiting = waiting;
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
    let before = this.#watched.received();
    const forget = this.#waiting.hostWork.onEnd(() => {
      before = this.#watched.received();
    });
    const cancel = afterPatience(this.#waiting, this.#patience, () => {
      this.end();
      if (!this.#watched.owes()) return;
      if (this.#watched.received() > before && this.#mayGoOn()) this.#watch();
      else this.#watched.giveUp(new Error('server sends nothing'));
    });
    this.#cancel = () => {
      forget();
      cancel();
    };
  }

  #mayGoOn(): boolean {
    if (this.#waiting.hostWork.isEnding) this.#lastRounds += 1;
    return this.#lastRounds <= LAST_ROUNDS;
  }
}
