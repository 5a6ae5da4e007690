/**
 * The qtest protocol on a character device: lines in, answers out, one client after another. Lines are carried out one
 * by one; those that came together are answered together.
 */
import { carryOut, type QtestSubject } from './qtest-commands.ts';

/** The client. */
interface Peer {
  write(text: string): void;
  /** Undefined while the client keeps up. */
  caughtUp(): Promise<void> | undefined;
  /** Hangs up once what was written is out. */
  end(): void;
}

/** Where lines and answers are written down, marked R and S, and that clients come and go, marked I. */
export type QtestLog = (mark: 'R' | 'S' | 'I', line: string) => void;

/** What speaks qtest on a character device. */
export class QtestFrontend {
  readonly #subject: Omit<QtestSubject, 'tellInterrupts'>;
  readonly #log: QtestLog | undefined;
  #conversation: QtestConversation | undefined;

  constructor(subject: Omit<QtestSubject, 'tellInterrupts'>, log?: QtestLog) {
    this.#subject = subject;
    this.#log = log;
  }

  connect(peer: Peer): QtestConversation {
    this.#conversation?.end();
    this.#conversation = new QtestConversation(this.#subject, peer, this.#log);
    return this.#conversation;
  }

  disconnect(conversation: { receive(bytes: Uint8Array): void }): void {
    if (conversation === this.#conversation) this.close();
  }

  /** Hangs up. */
  close(): void {
    this.#conversation?.end();
    this.#conversation = undefined;
  }
}

/** One client's lines and answers. */
export class QtestConversation implements QtestSubject {
  readonly machine: QtestSubject['machine'];
  readonly clock: QtestSubject['clock'];
  readonly #peer: Peer;
  readonly #log: QtestLog | undefined;
  #unread = '';
  #answers = '';
  #isBusy = false;
  #isOver = false;
  #stopListening: (() => void) | undefined;

  constructor({ machine, clock }: Omit<QtestSubject, 'tellInterrupts'>, peer: Peer, log?: QtestLog) {
    this.machine = machine;
    this.clock = clock;
    this.#peer = peer;
    this.#log = log;
    this.#log?.('I', 'OPENED');
  }

  receive(bytes: Uint8Array): void {
    this.#unread += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    if (!this.#isBusy) void this.#carryOutAll();
  }

  tellInterrupts(): void {
    this.#stopListening ??= this.machine.interrupts.listen((line, high) => {
      this.#say(`IRQ ${high ? 'raise' : 'lower'} ${line}`);
      // One that comes of itself waits for no answer.
      if (!this.#isBusy) this.#send();
    });
  }

  end(): void {
    this.#log?.('I', 'CLOSED');
    this.#isOver = true;
    this.#stopListening?.();
    this.#peer.end();
  }

  async #carryOutAll(): Promise<void> {
    this.#isBusy = true;
    while (!this.#isOver && this.#unread.includes('\n')) {
      const lines = this.#unread.split('\n');
      this.#unread = lines.pop()!;
      for (const line of lines) {
        this.#log?.('R', line);
        this.#say(await carryOut(line, this));
      }
      this.#send();
      await this.#peer.caughtUp();
    }
    this.#isBusy = false;
  }

  #say(line: string): void {
    this.#log?.('S', line);
    this.#answers += `${line}\n`;
  }

  #send(): void {
    if (this.#answers !== '' && !this.#isOver) this.#peer.write(this.#answers);
    this.#answers = '';
  }
}
