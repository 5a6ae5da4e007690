/**
 * One client of a monitor, from the greeting to its leaving: takes bytes, has messages answered one after another,
 * and sends the replies and, once capabilities are negotiated, events.
 *
 * While a command runs or the client does not read, no more input is taken than a few messages: one of them may be to end
 * the endpoint, which no command shall put off for long. A flood of messages is worked off in
 * portions, so that timers and other clients get their turn.
 */
import type { SessionState } from '../commands/handler.ts';
import { GREETING } from '../commands/query-version.ts';
import type { HostWork } from '../host/host-work.ts';
import type { Message } from '../qapi/json/json-parser.ts';
import { MessageStream } from '../qapi/json/message-stream.ts';
import type { Outgoing } from '../qapi/serialize.ts';
import { type Dispatcher, type Reply, refusalOf } from './dispatcher.ts';
import type { FaultAction, FaultPlan } from './fault-plan.ts';
import type { Conversation, Peer } from './frontend.ts';

/** What a session needs of its monitor. */
export interface SessionParts {
  readonly dispatcher: Dispatcher;
  readonly hostWork: HostWork;
  /** A message as text, with its end. */
  readonly line: (message: Outgoing) => string;
  readonly faults: FaultPlan | undefined;
  /** Ends the connection of a session from our side. */
  readonly hangUp: (session: MonitorSession) => void;
}

/** Messages looked at while one is being answered. */
const MOST_AHEAD = 16;

/** Messages answered before others get a turn. */
const PORTION = 64;

export class MonitorSession implements SessionState, Conversation {
  negotiated = false;
  readonly #peer: Peer;
  readonly #dispatcher: Dispatcher;
  readonly #hostWork: HostWork;
  readonly #line: (message: Outgoing) => string;
  readonly #faults: FaultPlan | undefined;
  readonly #hangUp: () => void;
  readonly #stream = new MessageStream();
  #isFinishing = false;
  /** What is being answered. */
  #inProgress: Message | undefined;
  #state: 'waiting' | 'idle' | 'busy' | 'deaf' | 'closed' = 'waiting';

  constructor(peer: Peer, { dispatcher, hostWork, line, faults, hangUp }: SessionParts) {
    this.#peer = peer;
    this.#dispatcher = dispatcher;
    this.#hostWork = hostWork;
    this.#line = line;
    this.#faults = faults;
    this.#hangUp = () => hangUp(this);
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
    else this.#lookAhead();
  }

  /** The client sends no more, and is answered what it sent. */
  finish(): void {
    this.#isFinishing = true;
    if (this.#state === 'idle') this.#hangUp();
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
        if (this.#isFinishing) this.#hangUp();
        else this.#peer.resume();
        return;
      }
      const fault = this.#faults?.command(message);
      const reply =
        fault === undefined
          ? this.#dispatcher.answer(message, this)
          : this.#answerWithFault(message, fault, this.#faults!);
      const answer = reply instanceof Promise ? await this.#whileAnswered(message, reply) : reply;
      this.#inProgress = undefined;
      if (answer !== undefined) this.send(answer);
      const congestion = this.#peer.caughtUp();
      if (congestion !== undefined) await this.#pausedUntil(congestion);
      if (answered % PORTION === 0) await this.#pausedUntil(this.#hostWork.turn());
    }
  }

  /** Undefined: there is no reply, and the connection has ended. */
  async #answerWithFault(message: Message, fault: FaultAction, plan: FaultPlan): Promise<Reply | undefined> {
    const isEnd = fault.kind === 'drop' || fault.kind === 'kill';
    if (fault.kind === 'fail') return refusalOf(message, fault);
    if (!isEnd || fault.when === 'after') {
      const reply = await this.#dispatcher.answer(message, this);
      if (fault.kind === 'delay') await plan.wait(fault.milliseconds);
      if (fault.kind === 'cut') {
        if (this.#state !== 'closed') this.#peer.write(this.#line(reply).slice(0, fault.bytes));
        this.#hangUp();
        return undefined;
      }
      if (!isEnd) return reply;
    }
    plan.endBy(fault);
    return undefined;
  }

  #whileAnswered(message: Message, reply: Promise<Reply | undefined>): Promise<Reply | undefined> {
    this.#inProgress = message;
    this.#lookAhead();
    return reply;
  }

  #lookAhead(): void {
    if (!this.#inProgress) return;
    const messages = this.#stream.ahead(MOST_AHEAD);
    if (messages.length === MOST_AHEAD) this.#peer.pause();
    this.#dispatcher.foresee([this.#inProgress, ...messages], this);
  }

  #pausedUntil<T>(settled: Promise<T>): Promise<T> {
    this.#peer.pause();
    return settled;
  }
}
