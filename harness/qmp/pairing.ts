/**
 * Which request a reply answers: the one with its id. For a reply without one, or with another than any request in flight
 * has, there are two ways. A strict client takes it for a reply to nobody. A tolerant one pairs it by order, for replies
 * come in the order of their commands; but it waits a moment first, since the reply with the right id may follow, and
 * this one was nobody's.
 */
import { type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';
import type { Deadline, Deadlines } from './deadlines.ts';
import { excerpt, ProtocolError, type ProtocolFault } from './errors.ts';
import { idKey } from './id.ts';
import type { Quirks } from './quirks.ts';

type Key = string | number | undefined;

/** A request that waits for its reply. */
export interface Pending {
  readonly command: string;
  readonly id: Json | undefined;
  readonly deadline: Deadline;
  /** Requests with the same id that wait for this one. */
  readonly next: (() => void)[];
  /** Stops listening to the signal. */
  forget?: () => void;
  resolve(reply: JsonObject): void;
  reject(reason: Error): void;
}

/** Milliseconds in which the right reply may follow one that could be anybody's. */
const GRACE_MS = 250;
/** So many of the ids that were answered are kept, to know a reply that comes twice. */
const KEPT_IDS = 256;

export class Pairing {
  /** In the order of sending. */
  readonly #pending = new Map<Key, Pending>();
  /** Ids whose requests were given up: their late replies are dropped. */
  readonly #abandoned = new Set<Key>();
  readonly #answered = new Set<Key>();
  readonly #deadlines: Deadlines;
  /** Is told what a tolerant client puts up with; null: the client is strict. */
  readonly #tell: ((breach: ProtocolError) => void) | null;
  readonly #quirks: () => Quirks;
  /** Replies that could be anybody's, oldest first. */
  #held: JsonObject[] = [];
  #grace: Deadline | null = null;

  constructor(deadlines: Deadlines, quirks: () => Quirks, tell: ((breach: ProtocolError) => void) | null) {
    this.#deadlines = deadlines;
    this.#quirks = quirks;
    this.#tell = tell;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** The request in flight with this id. */
  at(id: Json | undefined): Pending | undefined {
    return this.#pending.get(idKey(id));
  }

  add(pending: Pending): void {
    this.#pending.set(idKey(pending.id), pending);
  }

  /** The request is not waited for any more; a reply that could be its own counts as that. False if there was one. */
  giveUp(pending: Pending): boolean {
    this.#pairHeld();
    const key = idKey(pending.id);
    if (this.#pending.get(key) !== pending) return false;
    this.#abandoned.add(key);
    this.#settle(key, pending);
    return true;
  }

  /** Takes a message that is no event. False if it is nobody's. */
  claim(message: JsonObject): boolean {
    const key = idKey(message.id);
    if (this.#abandoned.delete(key)) return true;
    const pending = this.#pending.get(key);
    if (pending !== undefined && (key !== undefined || isReply(message))) {
      this.#pairHeld(pending);
      this.#answer(pending, message);
      return true;
    }
    return this.#tell !== null && this.#pending.size > 0 && this.#claimByOrder(message, key, this.#tell);
  }

  /** What a message is that nobody claimed. */
  breachOf(message: JsonObject): ProtocolError {
    const text = excerpt(stringifyJson(message));
    if ('QMP' in message) return new ProtocolError('second-greeting', 'a second greeting', text);
    if (!isReply(message))
      return new ProtocolError('bad-envelope', 'a message that is neither reply nor event', text);
    const key = idKey(message.id);
    return key !== undefined && this.#answered.has(key)
      ? new ProtocolError('repeated-reply', 'a reply to a command that has been answered already', text)
      : new ProtocolError('unexpected-reply', 'a reply that belongs to no request', text);
  }

  /** All that is in flight is answered by an error; their own replies may still come. */
  rejectAll(reason: (command: string) => Error, areLate: boolean): void {
    this.#held = [];
    for (const [key, pending] of this.#pending) {
      // Without an id nobody could tell.
      if (areLate && key !== undefined) this.#abandoned.add(key);
      pending.reject(reason(pending.command));
      this.#settle(key, pending);
    }
  }

  #claimByOrder(message: JsonObject, key: Key, tell: (breach: ProtocolError) => void): boolean {
    const [oldest] = this.#pending.values();
    const isEcho = message.id === null && oldest!.id === undefined;
    if ('QMP' in message || (key !== undefined && !isEcho && this.#answered.has(key))) return false;
    const byText = [...this.#pending.values()].find(({ id }) => isTextOf(message.id, id));
    if (byText !== undefined) {
      tell(wrongId('id-as-text', byText, message));
      this.#answer(byText, message);
      return true;
    }
    const { lostId, changedId, unaskedReplies } = this.#quirks();
    const isUsual = key === undefined ? lostId !== undefined : changedId !== undefined;
    if (unaskedReplies === true && !isUsual) return false;
    this.#held.push(message);
    // A command without an id has its reply with any: there is no other to wait for.
    if (isUsual || oldest!.id === undefined) this.#pairHeld();
    else this.#grace ??= this.#deadlines.start(GRACE_MS, () => this.#pairHeld());
    return true;
  }

  /**
   * Gives what was held to the requests in flight in their order; only to those before `answered` if that has its own reply,
   * and then the rest of it was nobody's.
   */
  #pairHeld(answered?: Pending): void {
    if (this.#grace !== null) this.#deadlines.cancel(this.#grace);
    this.#grace = null;
    for (const message of this.#held.splice(0)) {
      const [oldest] = this.#pending.values();
      if (oldest === undefined || oldest === answered) {
        this.#tell?.(this.breachOf(message));
        continue;
      }
      this.#tell?.(isReply(message) ? idFault(oldest, message) : this.breachOf(message));
      this.#answer(oldest, message);
    }
  }

  #answer(pending: Pending, reply: JsonObject): void {
    this.#settle(idKey(pending.id), pending);
    pending.resolve(reply);
  }

  #settle(key: Key, pending: Pending): void {
    this.#pending.delete(key);
    this.#deadlines.cancel(pending.deadline);
    pending.forget?.();
    this.#answered.add(key);
    if (this.#answered.size > KEPT_IDS) this.#answered.delete(this.#answered.values().next().value);
    for (const next of pending.next) next();
  }
}

function isReply(message: JsonObject): boolean {
  return Object.hasOwn(message, 'return') || Object.hasOwn(message, 'error');
}

function isTextOf(got: Json | undefined, id: Json | undefined): boolean {
  return typeof got === 'string' && id !== undefined && typeof id !== 'string' && got === stringifyJson(id);
}

/** What is wrong with the id of a reply to `pending`. */
function idFault(pending: Pending, reply: JsonObject): ProtocolError {
  if (pending.id === undefined) return wrongId('added-id', pending, reply);
  if (reply.id !== undefined) return wrongId('changed-id', pending, reply);
  return wrongId(Object.hasOwn(reply, 'error') ? 'lost-id-on-error' : 'lost-id', pending, reply);
}

function wrongId(kind: ProtocolFault, { command, id }: Pending, reply: JsonObject): ProtocolError {
  const got = reply.id === undefined ? 'no id' : `the id ${stringifyJson(reply.id)}`;
  const due = id === undefined ? 'which has none' : `whose id is ${stringifyJson(id)}`;
  return new ProtocolError(
    kind,
    `a reply has ${got}, and answers ${command}, ${due}`,
    excerpt(stringifyJson(reply)),
  );
}
