/** A range of a file on its way: it is stored as it arrives, so that a server's word for a length costs no memory. */
import { IoError } from '../../host/errno.ts';
import type { Range } from './remote-file.ts';

const PAGE = 64 * 1024;

interface Reader {
  /** Bytes of the range that must be there. */
  readonly wanted: number;
  resolve(): void;
  reject(error: IoError): void;
}

/** What has arrived of a range, and who waits for the rest. */
export class FetchedRange implements Range {
  readonly offset: number;
  readonly length: number;
  readonly #pages: Uint8Array[] = [];
  #arrived = 0;
  #readers: Reader[] = [];
  #failure: IoError | undefined;

  constructor({ offset, length }: Range) {
    this.offset = offset;
    this.length = length;
  }

  /** All of it has arrived. */
  get isWhole(): boolean {
    return this.#arrived === this.length;
  }

  covers({ offset, length }: Range): boolean {
    return this.offset <= offset && offset + length <= this.offset + this.length;
  }

  /** Stores what comes next, as far as it belongs to the range. Gives false when nothing is missing any more. */
  readonly add = (bytes: Uint8Array): boolean => {
    const part = bytes.subarray(0, this.length - this.#arrived);
    for (let done = 0; done < part.length; ) {
      const at = this.#arrived % PAGE;
      if (at === 0) this.#pages.push(new Uint8Array(Math.min(PAGE, this.length - this.#arrived)));
      const piece = part.subarray(done, done + PAGE - at);
      this.#pages.at(-1)!.set(piece, at);
      this.#arrived += piece.length;
      done += piece.length;
    }
    this.#readers = this.#readers.filter((reader) => {
      if (reader.wanted <= this.#arrived) reader.resolve();
      return reader.wanted > this.#arrived;
    });
    return !this.isWhole;
  };

  /** Nothing more will arrive. */
  fail(cause: unknown): void {
    this.#failure = new IoError('EIO', { cause });
    for (const { reject } of this.#readers.splice(0)) reject(this.#failure);
  }

  /** Fills `target` as soon as its bytes are there. They are of the range. Throws `IoError`. */
  async read(offset: number, target: Uint8Array): Promise<void> {
    const start = offset - this.offset;
    await this.#arrival(start + target.length);
    for (let done = 0; done < target.length; ) {
      const at = start + done;
      const piece = this.#pages[Math.floor(at / PAGE)]!.subarray(
        at % PAGE,
        (at % PAGE) + target.length - done,
      );
      target.set(piece, done);
      done += piece.length;
    }
  }

  #arrival(wanted: number): Promise<void> | undefined {
    if (wanted <= this.#arrived) return undefined;
    if (this.#failure !== undefined) throw this.#failure;
    return new Promise((resolve, reject) => this.#readers.push({ wanted, resolve, reject }));
  }
}
