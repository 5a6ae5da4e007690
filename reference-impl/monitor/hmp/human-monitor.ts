/**
 * A monitor in readline mode: serves people at a terminal, or scripts that type as they would. Each client gets a prompt;
 * what it types comes back, and a line is answered when it is complete. Several clients are served one after another.
 */
import type { CommandContext } from '../../commands/handler.ts';
import { VERSION_TEXT } from '../../commands/query-version.ts';
import type { MainLoop } from '../../jobs/main-loop.ts';
import type { Conversation, Frontend, Peer } from '../frontend.ts';
import { WaitingLine } from '../waiting-line.ts';
import { runHumanLine } from './run-line.ts';

const GREETING = `QEMU ${VERSION_TEXT} monitor - type 'help' for more information\r\n`;
const PROMPT = '(qemu) ';
/** Bytes of a line; what is beyond is not taken. */
const MOST = 4095;

/** Each ends a line, also of two that come together. */
const ENTER = ['\r', '\n'];
const ERASE = ['\b', '\x7f'];

/** What ends the endpoint: it does not wait much longer for peers. */
const QUIT = /^\s*q(uit)?\s*$/;

/** What a monitor runs lines with. */
export interface HumanEndpoint extends CommandContext {
  readonly loop: MainLoop;
  /** Resolves when clients are served. */
  readonly begun: Promise<void>;
}

/** One monitor, and the clients that are connected to it. */
export class HumanMonitor implements Frontend {
  readonly echoes = true;
  readonly #endpoint: HumanEndpoint;
  readonly #clients: WaitingLine<HumanSession>;

  constructor(endpoint: HumanEndpoint) {
    this.#endpoint = endpoint;
    this.#clients = new WaitingLine(endpoint.begun);
  }

  connect(peer: Peer): HumanSession {
    const session = new HumanSession(peer, this.#endpoint);
    this.#clients.join(session);
    return session;
  }

  disconnect(session: HumanSession): void {
    this.#clients.leave(session);
  }

  close(): void {
    this.#clients.close();
  }
}

class HumanSession implements Conversation {
  readonly #peer: Peer;
  readonly #endpoint: HumanEndpoint;
  #state: 'waiting' | 'open' | 'closed' = 'waiting';
  /** What has come and was not looked at. */
  #typed = '';
  #line = '';
  #isBusy = false;
  #isFinishing = false;

  constructor(peer: Peer, endpoint: HumanEndpoint) {
    this.#peer = peer;
    this.#endpoint = endpoint;
    peer.pause();
  }

  start(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'open';
    this.#peer.write(GREETING + PROMPT);
    this.#peer.resume();
    void this.#work();
  }

  receive(bytes: Uint8Array): void {
    this.#typed += Buffer.from(bytes).toString('latin1');
    if (this.#state === 'open') void this.#work();
  }

  /** The client types no more, and is answered what it typed. */
  finish(): void {
    this.#isFinishing = true;
    if (this.#state === 'open') void this.#work();
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#peer.end();
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (this.#typed !== '' && this.#state === 'open') {
      const typed = this.#typed[0]!;
      this.#typed = this.#typed.slice(1);
      await this.#key(typed);
    }
    this.#isBusy = false;
    if (this.#isFinishing) this.close();
  }

  async #key(typed: string): Promise<void> {
    if (ENTER.includes(typed)) await this.#enter();
    else if (ERASE.includes(typed)) this.#erase();
    else if (typed >= ' ' && this.#line.length < MOST) {
      this.#line += typed;
      this.#peer.write(typed);
    }
  }

  #erase(): void {
    if (this.#line === '') return;
    this.#line = this.#line.slice(0, -1);
    this.#peer.write('\b \b');
  }

  async #enter(): Promise<void> {
    const line = Buffer.from(this.#line, 'latin1').toString();
    this.#line = '';
    this.#peer.write('\r\n');
    this.#peer.pause();
    if (QUIT.test(line)) this.#endpoint.hostWork.end();
    const printed = await this.#endpoint.loop.execute(() => runHumanLine(line, this.#endpoint));
    if (this.#state !== 'open') return;
    this.#peer.write(Buffer.from(printed + PROMPT).toString('latin1'));
    const congestion = this.#peer.caughtUp();
    if (congestion !== undefined) await congestion;
    this.#peer.resume();
  }
}
