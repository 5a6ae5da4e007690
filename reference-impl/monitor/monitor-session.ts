/**
 * One client of a monitor, from the greeting to its leaving: takes bytes, has messages answered one after another,
 * and sends the replies and, once capabilities are negotiated, events.
 *
 * While a command runs or the client does not read, no more input is taken; a flood of messages is worked off in
 * portions, so that timers and other clients get their turn.
 */
import type { SessionState } from '../commands/handler.ts';
import { GREETING } from '../commands/query-version.ts';
import type { HostWork } from '../host/host-work.ts';
import { MessageStream } from '../qapi/json/message-stream.ts';
import type { Outgoing } from '../qapi/serialize.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Conversation, Peer } from './frontend.ts';

/** Messages answered before others get a turn. */
const PORTION = 64;

export class MonitorSession implements SessionState, Conversation {
  negotiated = false;
  readonly #peer: Peer;
  readonly #dispatcher: Dispatcher;
  readonly #hostWork: HostWork;
  readonly #line: (message: Outgoing) => string;
  readonly #stream = new MessageStream();
  #state: 'waiting' | 'idle' | 'busy' | 'deaf' | 'closed' = 'waiting';

  /** `line`: a message as text, with its end. */
  constructor(peer: Peer, dispatcher: Dispatcher, hostWork: HostWork, line: (message: Outgoing) => string) {
    this.#line = line;
    this.#peer = peer;
    this.#dispatcher = dispatcher;
    this.#hostWork = hostWork;
    peer.pause();
  }

  /** It is this client's turn. */
  start(): void {
    if (this.#state !== 'waiting') return;
    this.#state = 'idle';
    this.send(GREETING);
    this.#work();
  }

  receive(bytes: Uint8Array): void {
    if (this.#state === 'deaf') return;
    this.#stream.push(bytes);
    if (this.#state === 'idle') this.#work();
  }

  send(message: Outgoing): void {
    if (this.#state !== 'closed') this.#peer.write(this.#line(message));
  }

  /** Takes no more messages, and still sends: the reply that is owed, and events. */
  deafen(): void {
    if (this.#state !== 'closed') this.#state = 'deaf';
  }

  /** The client has gone, or is to go. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.negotiated = false;
    this.#peer.end();
  }

  #work(): void {
    this.#state = 'busy';
    void this.#answerAll();
  }

  async #answerAll(): Promise<void> {
    for (let answered = 1; this.#state === 'busy'; answered += 1) {
      const message = this.#stream.next();
      if (message === undefined) {
        this.#state = 'idle';
        this.#peer.resume();
        return;
      }
      const reply = this.#dispatcher.answer(message, this);
      this.send(reply instanceof Promise ? await this.#pausedUntil(reply) : reply);
      const congestion = this.#peer.caughtUp();
      if (congestion !== undefined) await this.#pausedUntil(congestion);
      if (answered % PORTION === 0) await this.#pausedUntil(this.#hostWork.turn());
    }
  }

  #pausedUntil<T>(settled: Promise<T>): Promise<T> {
    this.#peer.pause();
    return settled;
  }
}
