/** What an endpoint owes an answer to: kept when it ends, to tell what it ended of. */
import type { Sender, UnansweredRequest } from '../../reports/record.ts';
import { type Json, type JsonObject, stringifyJson } from '../../spec/json.ts';

interface Owed {
  /** A message, the text of raw bytes, or what is waited for. */
  readonly what: JsonObject | string;
  readonly by: Sender;
  /** Nothing was sent: an event is waited for. */
  readonly isWait: boolean;
}

export class OwedAnswers {
  /** Oldest first. */
  readonly #owed = new Set<Owed>();

  /** An answer to this is owed until the result is called. */
  expect(what: JsonObject | string, by: Sender, isWait = false): () => void {
    const entry = { what, by, isWait };
    this.#owed.add(entry);
    return () => this.#owed.delete(entry);
  }

  /** Whether nothing is owed, and nothing waited for. */
  get isNone(): boolean {
    return this.#owed.size === 0;
  }

  /** Text of the oldest request, or wait: an endpoint takes one after the other. */
  get oldest(): string | undefined {
    const [oldest] = this.#owed;
    return oldest && textOf(oldest);
  }

  /** Requests, the latest first. */
  get unanswered(): readonly UnansweredRequest[] {
    return this.#requests()
      .map((owed) => ({ text: textOf(owed), by: owed.by }))
      .toReversed();
  }

  /** Messages that were not the case's, oldest first. */
  get asked(): readonly { readonly message: JsonObject; readonly by: Exclude<Sender, 'case'> }[] {
    return this.#requests().flatMap(({ what, by }) =>
      typeof what === 'string' || by === 'case' ? [] : [{ message: what, by }],
    );
  }

  /** Forgets all: they were another case's. */
  clear(): void {
    this.#owed.clear();
  }

  #requests(): Owed[] {
    return [...this.#owed].filter(({ isWait }) => !isWait);
  }
}

function textOf({ what }: Owed): string {
  return typeof what === 'string' ? what : stringifyJson(what as Json);
}
