/** What comes to a peer. */
import type { Socket } from 'node:net';

/** Bytes of a connection, for one who asks for so many at a time. */
export class Arrivals {
  readonly #socket: Socket;
  #kept: Buffer[] = [];
  #length = 0;

  constructor(socket: Socket) {
    this.#socket = socket.pause();
    socket.on('error', () => socket.destroy());
  }

  /** Rejects if the client goes first. */
  async take(length: number): Promise<Buffer> {
    while (this.#length < length) {
      // All that is there: a socket that keeps a part tells of it again and again, and nothing else gets its turn.
      const bytes: Buffer | null = this.#socket.read();
      if (bytes !== null) {
        this.#kept.push(bytes);
        this.#length += bytes.length;
      } else if (this.#socket.readableEnded || this.#socket.destroyed) throw new Error('the client has gone');
      else await this.#news();
    }
    const all = this.#kept.length === 1 ? this.#kept[0]! : Buffer.concat(this.#kept);
    this.#kept = [all.subarray(length)];
    this.#length -= length;
    return all.subarray(0, length);
  }

  /** Resolves when there are more bytes, or will be none. */
  #news(): Promise<void> {
    return new Promise((resolve) => {
      const told = (): void => {
        for (const name of ['readable', 'end', 'close']) this.#socket.off(name, told);
        resolve();
      };
      for (const name of ['readable', 'end', 'close']) this.#socket.on(name, told);
    });
  }
}
