/**
 * The peer of the client's benchmarks: the least that can talk QMP over a unix socket. It writes prepared lines and
 * waits for one line each; it parses nothing.
 */
import { connect, type Socket } from 'node:net';

const NEWLINE = 0x0a;

export class BareLoop {
  readonly #socket: Socket;
  #line: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      if (chunk[chunk.length - 1] === NEWLINE) this.#line();
    });
  }

  /** Connects and reads the greeting; negotiation is up to the lines that are sent. */
  static async open(path: string): Promise<BareLoop> {
    const socket = connect(path);
    const loop = new BareLoop(socket);
    await new Promise<void>((resolve, reject) => {
      loop.#line = resolve;
      socket.once('error', reject);
    });
    return loop;
  }

  async negotiate(): Promise<void> {
    await this.send('{"execute":"qmp_capabilities"}\n');
  }

  /** One round trip. */
  send(line: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#line = resolve;
      this.#socket.write(line);
    });
  }

  async sendAll(lines: readonly (string | Uint8Array)[]): Promise<void> {
    for (const line of lines) await this.send(line);
  }

  close(): void {
    this.#socket.destroy();
  }
}
