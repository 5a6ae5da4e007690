/**
 * What can go wrong between a client and an endpoint, as classes. A caller tells them apart by class and `kind`,
 * never by text.
 */
import type { JsonObject } from '../../spec/json.ts';

/** The endpoint answered a command with an error: legal QMP, and often what a case wants. */
export class QmpError extends Error {
  override readonly name = 'QmpError';
  /** `error.class` of the reply. */
  readonly class: string;
  /** `error.desc` of the reply. */
  readonly desc: string;
  readonly command: string;
  /** The whole reply. */
  readonly reply: JsonObject;

  constructor(command: string, errorClass: string, desc: string, reply: JsonObject) {
    super(`${command}: ${errorClass}: ${desc}`);
    this.class = errorClass;
    this.desc = desc;
    this.command = command;
    this.reply = reply;
  }
}

/** What an endpoint can do against the protocol. */
export type ProtocolFault =
  /** A message that is no JSON text. */
  | 'bad-json'
  /** A JSON text that is no object. */
  | 'not-an-object'
  | 'bad-utf8'
  /** A message longer than the limit; the connection is given up. */
  | 'too-long'
  /** The stream ended inside a message. */
  | 'truncated'
  /** Text that is no message, before the greeting. */
  | 'banner'
  /** The first message was something else than a greeting. */
  | 'bad-greeting'
  /** The greeting's members have other names. */
  | 'other-greeting'
  /** An event before the greeting. */
  | 'early-event'
  /** An event between the greeting and the end of the negotiation. */
  | 'event-before-negotiation'
  /** A greeting where none belongs. */
  | 'second-greeting'
  | 'greeting-timeout'
  | 'negotiation-refused'
  /** A reply with neither `return` nor `error`, with both, or with an error that has no class and text. */
  | 'bad-envelope'
  /** A reply that no request in flight can claim. */
  | 'unexpected-reply'
  /** A reply to what has been answered. */
  | 'repeated-reply'
  /** A reply without the id of its command; of the two, that which is an error. */
  | 'lost-id'
  | 'lost-id-on-error'
  /** A reply with another id than its command; of the two, that which has the text of it. */
  | 'changed-id'
  | 'id-as-text'
  /** A reply with an id to a command that has none. */
  | 'added-id'
  /** A question for the endpoint's state is answered with something else than a list. */
  | 'bad-return';

/** The endpoint broke the protocol. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly kind: ProtocolFault;
  /** What was received, cut to a few hundred characters; empty where nothing was. */
  readonly received: string;

  constructor(kind: ProtocolFault, message: string, received = '') {
    super(received === '' ? message : `${message}: ${received}`);
    this.kind = kind;
    this.received = received;
  }
}

/** An answer or event did not come in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
  /** The command in flight, or a description of the event waited for. */
  readonly waitingFor: string;
  readonly milliseconds: number;

  constructor(waitingFor: string, milliseconds: number) {
    super(`${waitingFor}: nothing came within ${Math.round(milliseconds)} ms`);
    this.waitingFor = waitingFor;
    this.milliseconds = milliseconds;
  }
}

/** The connection ended while something was awaited, or before it was asked for. */
export class ClosedError extends Error {
  override readonly name = 'ClosedError';
  /** The command in flight, or a description of the event waited for; absent when nothing was. */
  readonly waitingFor?: string;

  constructor(connection: string, cause?: Error, waitingFor?: string) {
    const during = waitingFor === undefined ? '' : ` while ${waitingFor} was awaited`;
    const why = cause === undefined ? '' : `: ${cause.message}`;
    super(`${connection}: the connection is closed${during}${why}`, cause && { cause });
    if (waitingFor !== undefined) this.waitingFor = waitingFor;
  }
}

/** Text for a message to people: at most 300 characters, the rest counted. */
export function excerpt(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 300)}… (${text.length} characters)`;
}
