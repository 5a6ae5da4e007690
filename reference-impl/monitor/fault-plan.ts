/**
 * Faults on demand, for tests of clients: at the n-th command, event or step of a job that is meant, something goes wrong
 * that a client must bear. A plan is data; what it does depends on nothing but what the client sends and the endpoint
 * tells.
 */
import type { BlockJobType } from '../../spec/generated/qmp.ts';
import type { Clock } from '../host/clock.ts';
import type { Message } from '../qapi/json/json-parser.ts';
import { isWireObject } from '../qapi/json/wire-value.ts';

/** Before the command is carried out (the event sent, the job steps), or afterwards, its reply unsent. */
export type Moment = 'before' | 'after';

/** What happens to a command, an event, or a job. */
export type FaultAction =
  /** The connection of every client ends. */
  | { readonly kind: 'drop'; readonly when: Moment }
  /** The process ends on the spot, as by SIGKILL. */
  | { readonly kind: 'kill'; readonly when: Moment }
  /** It is sent so much later. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** So many bytes of the reply are sent, then the connection ends. */
  | { readonly kind: 'cut'; readonly bytes: number }
  /** The command is not carried out, and this error is the reply. */
  | { readonly kind: 'fail'; readonly class: string; readonly desc: string }
  /** The event is sent behind the next one of this name. */
  | { readonly kind: 'hold'; readonly until: string }
  /** The event is never sent. */
  | { readonly kind: 'lose' };

/** When something goes wrong, and what. */
export interface Fault {
  readonly on:
    | { readonly command: string }
    | { readonly event: string }
    /** A job of this type that has done so many bytes, at least 1. */
    | { readonly job: BlockJobType; readonly offset: number };
  /** Which of its kind, from 1. */
  readonly nth: number;
  readonly action: FaultAction;
}

/** What a plan may do to the endpoint. */
export interface FaultHands {
  readonly clock: Clock;
  /** Ends the connections of all clients. */
  dropLinks(): void;
  /** Ends the process. */
  kill(): void;
}

/** The faults of one endpoint, and how far the counts of each are. */
export class FaultPlan {
  readonly #hands: FaultHands;
  readonly #pending: { readonly fault: Fault; seen: number }[];
  #held: { readonly until: string; readonly send: () => void }[] = [];

  constructor(faults: readonly Fault[], hands: FaultHands) {
    this.#hands = hands;
    this.#pending = faults.map((fault) => ({ fault, seen: 0 }));
  }

  /** What is to happen to a command that has come; called once for each. */
  command(message: Message): FaultAction | undefined {
    const request = 'value' in message ? message.value : null;
    const name = isWireObject(request) ? request.execute : undefined;
    return this.#next(({ on }) => 'command' in on && on.command === name);
  }

  /** Sends an event by `send`, unless a fault concerns it. */
  event(name: string, send: () => void): void {
    const action = this.#next(({ on }) => 'event' in on && on.event === name);
    switch (action?.kind) {
      case 'lose':
        return;
      case 'hold':
        this.#held.push({ until: action.until, send });
        return;
      case 'delay':
        void this.wait(action.milliseconds).then(send);
        return;
      case 'drop':
      case 'kill':
        if (action.when === 'after') this.#send(name, send);
        this.endBy(action);
        return;
      default:
        this.#send(name, send);
    }
  }

  /** A job has come from one offset to another. */
  progressed(type: BlockJobType, from: number, to: number): void {
    const action = this.#next(
      ({ on }) => 'job' in on && on.job === type && from < on.offset && on.offset <= to,
    );
    if (action?.kind === 'drop' || action?.kind === 'kill') this.endBy(action);
  }

  /** Carries out what ends connections or the process. */
  endBy({ kind }: { readonly kind: 'drop' | 'kill' }): void {
    if (kind === 'kill') this.#hands.kill();
    else this.#hands.dropLinks();
  }

  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.#hands.clock.after(BigInt(Math.round(milliseconds * 1e6)), resolve);
    });
  }

  #send(name: string, send: () => void): void {
    send();
    const due = this.#held.filter(({ until }) => until === name);
    this.#held = this.#held.filter(({ until }) => until !== name);
    for (const held of due) held.send();
  }

  /** The action of the first fault whose turn it is; all that are meant are counted. */
  #next(isMeant: (fault: Fault) => boolean): FaultAction | undefined {
    let action: FaultAction | undefined;
    for (const entry of this.#pending.filter(({ fault }) => isMeant(fault))) {
      entry.seen += 1;
      if (entry.seen === entry.fault.nth) action ??= entry.fault.action;
    }
    return action;
  }
}
