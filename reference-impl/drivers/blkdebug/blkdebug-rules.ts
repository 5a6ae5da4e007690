/**
 * The rules of `blkdebug`: what happens to which requests after which events.
 *
 * An event arms the errors that are to be injected after it, in place of those armed before; they stay armed, for
 * requests of every kind, until another event arms others. An event may also change the state, on which rules depend:
 * all rules of one event see the state from before it.
 */
import type { BlkdebugEvent } from '../../../spec/generated/qmp.ts';
import { errnoName, IoError } from '../../host/errno.ts';

export interface InjectError {
  readonly event: BlkdebugEvent;
  /** 0: in every state. */
  readonly state: number;
  /** As the host numbers them; nothing is injected for 0 and less. */
  readonly errno: number;
  /** Only requests that touch this sector; -1: all. */
  readonly sector: number;
  /** Disarmed when it has struck. */
  readonly once: boolean;
}

export interface SetState {
  readonly event: BlkdebugEvent;
  /** 0: in every state. */
  readonly state: number;
  readonly newState: number;
}

const SECTOR = 512;
const INITIAL_STATE = 1;

export class Rules {
  readonly #errors: InjectError[];
  readonly #changes: readonly SetState[];
  #armed: InjectError[] = [];
  #state = INITIAL_STATE;

  constructor(errors: readonly InjectError[], changes: readonly SetState[]) {
    this.#errors = [...errors];
    this.#changes = changes;
  }

  event(event: BlkdebugEvent): void {
    const state = this.#state;
    const applies = (rule: InjectError | SetState) =>
      rule.event === event && (rule.state === 0 || rule.state === state);
    const armed = this.#errors.filter(applies);
    if (armed.length > 0) this.#armed = armed;
    for (const change of this.#changes) if (applies(change)) this.#state = change.newState;
  }

  /** Throws the `IoError` that is armed for a request of this range; a flush has none, and touches no sector. */
  strike(offset = Number.NaN, length = Number.NaN): void {
    const rule = this.#armed.find(({ sector }) => {
      const at = sector * SECTOR;
      return sector === -1 || (at >= offset && at < offset + length);
    });
    if (!rule || rule.errno <= 0) return;
    if (rule.once) {
      this.#armed = this.#armed.filter((other) => other !== rule);
      this.#errors.splice(this.#errors.indexOf(rule), 1);
    }
    throw new IoError(errnoName(rule.errno));
  }
}
