/** A client of QEMU's qtest protocol: lines that stand for what the guest's CPU does at its ports, one answer a line. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Begins what is told by itself, once the client has asked for it. */
const INTERRUPT = 'IRQ ';

/** Who asks waits for all answers before asking again. */
export class QtestClient {
  readonly #socket: Socket;
  #rest = '';
  #answers: string[] = [];
  #interrupts: string[] = [];
  #wanted = 0;
  #settle: ((ended: Error | null) => void) | null = null;
  #ended: Error | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error('the qtest socket was closed')));
  }

  /** Rejects if nobody listens at `path`. */
  static async connect(path: string): Promise<QtestClient> {
    const socket = connect(path);
    await once(socket, 'connect');
    return new QtestClient(socket);
  }

  /** The answers to all lines: `OK`, with a value after it where one was asked for, or `FAIL …`. Rejects if the socket ends first. */
  send(lines: readonly string[]): Promise<string[]> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== null) {
        reject(this.#ended);
        return;
      }
      this.#answers = [];
      this.#wanted = lines.length;
      this.#settle = (ended) => {
        this.#settle = null;
        if (ended === null) resolve(this.#answers);
        else reject(ended);
      };
      this.#socket.write(lines.map((line) => `${line}\n`).join(''));
    });
  }

  /** Changes of interrupt lines that were told since the last call, such as `raise 14`, in order. */
  takeInterrupts(): string[] {
    return this.#interrupts.splice(0);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Says that no more lines come; resolves when the other side has hung up. */
  async hangUp(): Promise<void> {
    if (this.#ended !== null) return;
    this.#socket.end();
    await once(this.#socket, 'close');
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    // An interrupt line of the guest may change at any time.
    for (const line of lines)
      if (line.startsWith(INTERRUPT)) this.#interrupts.push(line.slice(INTERRUPT.length));
      else this.#answers.push(line);
    if (this.#answers.length >= this.#wanted) this.#settle?.(null);
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    this.#settle?.(this.#ended);
  }
}
