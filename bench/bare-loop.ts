/**
 * The peer of the client's benchmarks: the least that can talk QMP over a unix socket. It writes prepared lines and
 * waits for one line each; it parses nothing. An event counts as an answer: it is for commands that bring none.
 */
import { connect, type Socket } from 'node:net';

const NEWLINE = 0x0a;

/** Bytes, or text, of one or more whole lines that go out in one piece. */
export type Piece = string | Uint8Array;

/**
 * How many commands of a conversation are on their way at once when a server is measured: with one, client and server
 * wake each other for each of them, and a server that computes nothing costs nearly as much as one that does.
 */
export const IN_FLIGHT = 8;

/** The commands in groups, each of which goes out in one piece. */
export function inFlight<T>(commands: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(commands.length / IN_FLIGHT) }, (_, index) =>
    commands.slice(index * IN_FLIGHT, (index + 1) * IN_FLIGHT),
  );
}

export class BareLoop {
  readonly #socket: Socket;
  readonly #mustSucceed: boolean;
  /** Lines that are still to come before what was sent is answered. */
  #owed = 1;
  #answered: () => void = () => undefined;
  #failed: (reason: Error) => void = () => undefined;

  private constructor(socket: Socket, mustSucceed: boolean) {
    this.#socket = socket;
    this.#mustSucceed = mustSucceed;
    socket.on('data', (chunk: Buffer) => this.#data(chunk));
    socket.on('error', (error) => this.#failed(error));
    socket.on('close', () => this.#failed(new Error('the endpoint closed the connection')));
  }

  /**
   * Connects and reads the greeting; negotiation is up to the lines that are sent. `mustSucceed`: a refusal ends all, so that
   * nobody takes it for work.
   */
  static async open(path: string, { mustSucceed = false } = {}): Promise<BareLoop> {
    const loop = new BareLoop(connect(path), mustSucceed);
    await loop.#wait();
    return loop;
  }

  async negotiate(): Promise<void> {
    await this.send('{"execute":"qmp_capabilities"}\n');
  }

  /**
   * One round trip: ends when every line of the piece is answered, and as many events have come. Rejects if the connection
   * ends first.
   */
  send(piece: Piece, events = 0): Promise<void> {
    this.#owed = events + lineEnds(typeof piece === 'string' ? Buffer.from(piece) : piece);
    const answered = this.#wait();
    this.#socket.write(piece);
    return answered;
  }

  async sendAll(pieces: readonly Piece[]): Promise<void> {
    for (const piece of pieces) await this.send(piece);
  }

  close(): void {
    this.#socket.destroy();
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
    });
  }

  #data(chunk: Buffer): void {
    if (this.#mustSucceed && chunk.includes('{"error"'))
      this.#failed(new Error(`the endpoint refused a command: ${chunk}`));
    this.#owed -= lineEnds(chunk);
    if (this.#owed === 0) this.#answered();
    if (this.#owed < 0) this.#failed(new Error('the endpoint sent more lines than it was asked for'));
  }
}

function lineEnds(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
