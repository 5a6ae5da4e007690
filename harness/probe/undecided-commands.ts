/** Commands of which no probe may find out whether an endpoint has them: a case that needs one does. */
import type { JsonObject } from '../../spec/json.ts';
import { type Refusal, refusalIn, type UnknownName } from './unknown-name.ts';

/** Serves all cases of a run. */
export class UndecidedCommands {
  readonly #open: Set<string>;
  readonly #absent = new Set<string>();
  readonly #unknown: UnknownName | null;

  /** `unknown`: how the endpoint refuses a command that nobody has, where that tells. */
  constructor(open: Iterable<string> = [], unknown: UnknownName | null = null) {
    this.#open = new Set(open);
    this.#unknown = unknown;
  }

  /** Those that no reply has decided yet. */
  get open(): readonly string[] {
    return [...this.#open];
  }

  /** Whether a reply has shown that the endpoint lacks it. */
  isAbsent(command: string): boolean {
    return this.#absent.has(command);
  }

  /** Takes note of a reply. True if the endpoint has shown that it lacks the command, of which that was not known. */
  isRefuted(command: string, reply: JsonObject): boolean {
    if (!this.#open.delete(command)) return this.#absent.has(command);
    const refusal = refusalIn(reply);
    if (refusal === null || !isUnknownCommand(refusal, command, this.#unknown)) return false;
    this.#absent.add(command);
    return true;
  }
}

/** Whether a command was refused because there is none of that name. */
export function isUnknownCommand(refusal: Refusal, command: string, unknown: UnknownName | null): boolean {
  return refusal.class === 'CommandNotFound' || unknown?.isAlike(refusal, command) === true;
}
