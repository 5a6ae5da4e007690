/**
 * Requests that are stopped at an event and stay in flight until they are told to go on, as qemu-io's `break`, `resume`
 * and `remove_break` want it. A breakpoint stops one request, in any state of the rules; several at one event stop the
 * same, which goes on when all have let go of it.
 */
import type { BlkdebugEvent } from '../../../spec/generated/qmp.ts';
import { IoError } from '../../host/errno.ts';
import type { Breakpoints } from '../driver.ts';
import { isEvent } from './blkdebug-config.ts';

interface Suspended {
  readonly tag: string;
  goOn(): void;
}

interface Waiting {
  readonly tag: string;
  stopped(): void;
}

/** Breakpoints of one node. `print`: tells on one line what is stopped and goes on. */
export class NodeBreakpoints implements Breakpoints {
  readonly #print: (line: string) => void;
  /** Both: the newest first, which is also the first to go on. */
  #armed: { readonly event: BlkdebugEvent; readonly tag: string }[] = [];
  #suspended: Suspended[] = [];
  #waiting: Waiting[] = [];

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  set(event: string, tag: string): void {
    if (!isEvent(event)) throw new IoError('ENOENT');
    this.#armed.unshift({ event, tag });
  }

  remove(tag: string): void {
    while (this.#resume(tag));
    const left = this.#armed.filter((breakpoint) => breakpoint.tag !== tag);
    if (left.length === this.#armed.length) throw new IoError('ENOENT');
    this.#armed = left;
  }

  resume(tag: string): void {
    if (!this.#resume(tag)) throw new IoError('ENOENT');
  }

  async suspended(tag: string): Promise<void> {
    if (this.#suspended.some((request) => request.tag === tag)) return;
    if (!this.#armed.some((breakpoint) => breakpoint.tag === tag)) throw new IoError('ENOENT');
    await new Promise<void>((stopped) => this.#waiting.push({ tag, stopped }));
  }

  /** A request has come to an event. Resolves when it may go on; undefined if that is at once. */
  reached(event: BlkdebugEvent): Promise<void> | undefined {
    const struck = this.#armed.filter((breakpoint) => breakpoint.event === event);
    if (struck.length === 0) return undefined;
    this.#armed = this.#armed.filter((breakpoint) => breakpoint.event !== event);
    return Promise.all(struck.map(({ tag }) => this.#suspend(tag))).then(() => undefined);
  }

  #suspend(tag: string): Promise<void> {
    this.#print(`blkdebug: Suspended request '${tag}'`);
    const gone = new Promise<void>((goOn) => this.#suspended.unshift({ tag, goOn }));
    for (const waiting of this.#waiting) if (waiting.tag === tag) waiting.stopped();
    this.#waiting = this.#waiting.filter((waiting) => waiting.tag !== tag);
    return gone;
  }

  #resume(tag?: string): boolean {
    const index = this.#suspended.findIndex((request) => tag === undefined || request.tag === tag);
    const [request] = index < 0 ? [] : this.#suspended.splice(index, 1);
    if (!request) return false;
    this.#print(`blkdebug: Resuming request '${request.tag}'`);
    request.goOn();
    return true;
  }

  /** Lets all go on, and stops none until the result is called: who waits for the requests would wait for ever. */
  drain(): () => void {
    const armed = this.#armed;
    this.#armed = [];
    while (this.#resume());
    return () => {
      this.#armed = [...this.#armed, ...armed];
    };
  }
}
