/** What is in a CD drive, and what its guest has not heard of yet: a change of the medium, a wish to take it out. */
import { type Sense, Senses } from './sense.ts';

/** The tray, as the drive moves and locks it. */
export interface CdTray {
  readonly open: boolean;
  readonly locked: boolean;
  move(open: boolean): void;
  lock(): void;
  unlock(): void;
  /** Closed and unlocked, without telling anybody. */
  reset(): void;
}

/** Events that GET EVENT STATUS NOTIFICATION tells. */
export const MediaEvent = { none: 0, ejectRequest: 1, newMedia: 2 } as const;

/** The tray and the medium of one drive. */
export class CdMedium {
  readonly tray: CdTray;
  readonly #length: () => number | undefined;
  /** What is to be told of a change: that the old medium has gone, then that there is another. */
  #untold: 'nothing' | 'gone' | 'changed' = 'nothing';
  #newMedia = false;
  #ejectRequest = false;

  /** `length`: bytes of what is in, undefined if nothing is. */
  constructor(tray: CdTray, length: () => number | undefined) {
    this.tray = tray;
    this.#length = length;
  }

  /** Somebody has put a medium in, or taken it out, or moved the tray. */
  changed(): void {
    this.#untold = 'gone';
    this.#newMedia = true;
    this.#ejectRequest = false;
  }

  /** Somebody wants the guest to let the medium go. */
  requestEject(): void {
    this.#ejectRequest = true;
  }

  reset(): void {
    this.tray.reset();
    this.#untold = 'nothing';
  }

  get isInserted(): boolean {
    return this.#length() !== undefined;
  }

  /** There is a medium, and the tray is closed. */
  get isPresent(): boolean {
    return this.isInserted && !this.tray.open;
  }

  /** In blocks of 2048 bytes. */
  get blocks(): number {
    return Math.floor((this.#length() ?? 0) / 2048);
  }

  /** The next step in telling of a change; undefined when there is nothing to tell, or no medium to tell of. */
  tellChange(): Sense | undefined {
    if (this.#untold === 'nothing' || !this.isPresent) return undefined;
    const isFirst = this.#untold === 'gone';
    this.#untold = isFirst ? 'changed' : 'nothing';
    return isFirst ? Senses.noMedium : Senses.mediumChanged;
  }

  /** The latest event, once. An open tray tells of none. */
  takeEvent(): number {
    if (this.tray.open) return MediaEvent.none;
    if (this.#newMedia) {
      this.#newMedia = false;
      return MediaEvent.newMedia;
    }
    if (!this.#ejectRequest) return MediaEvent.none;
    this.#ejectRequest = false;
    return MediaEvent.ejectRequest;
  }
}
