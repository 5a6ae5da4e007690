/**
 * Job transactions: every job ends in one, most often of its own. The jobs of one end together: all when the last is
 * done, or all without success as soon as one fails.
 */
import type { IoError } from '../host/errno.ts';

/** A job as its transaction sees it. */
export interface JobTxnMember {
  readonly started: boolean;
  readonly completed: boolean;
  readonly autoFinalize: boolean;
  readonly autoDismiss: boolean;
  readonly driver: { commit?(): void; abort?(): void; clean?(): void };
  readonly error: IoError | undefined;
  /** Ends without success, for want of another reason as one that was cancelled. */
  failAsCancelled(): void;
  become(status: 'waiting' | 'pending' | 'aborting' | 'concluded'): void;
  cancelAsync(): void;
  enter(): void;
  finish(): Promise<void>;
  tellEnd(): void;
  tellPending(): void;
  dismiss(): Promise<void>;
}

/** The jobs that end together, until each has ended. */
export class JobTxn {
  /** The newest first. */
  #members: JobTxnMember[] = [];
  #aborting = false;

  add(member: JobTxnMember): void {
    this.#members.unshift(member);
  }

  /** The work of a member has ended. */
  async jobCompleted(member: JobTxnMember): Promise<void> {
    if (member.error) await this.abort(member);
    else await this.#converge(member);
  }

  async #converge(member: JobTxnMember): Promise<void> {
    member.become('waiting');
    if (this.#members.some(({ completed }) => !completed)) return;
    for (const each of this.#members) each.become('pending');
    if (this.#members.every(({ autoFinalize }) => autoFinalize)) await this.finalize();
    else for (const each of this.#members) if (!each.autoFinalize) each.tellPending();
  }

  /** All members end well. */
  async finalize(): Promise<void> {
    for (const member of this.#members) await this.#conclude(member);
  }

  /** All members end without success, on account of one. */
  async abort(because: JobTxnMember): Promise<void> {
    if (this.#aborting) return;
    this.#aborting = true;
    const members = [...this.#members];
    for (const member of members) if (member !== because) member.cancelAsync();
    for (const member of members) {
      if (member.started && !member.completed) {
        member.enter();
        await member.finish();
      }
      member.failAsCancelled();
      member.become('aborting');
      await this.#conclude(member);
    }
  }

  async #conclude(member: JobTxnMember): Promise<void> {
    const { driver } = member;
    if (member.error) driver.abort?.();
    else driver.commit?.();
    driver.clean?.();
    this.#members = this.#members.filter((other) => other !== member);
    member.tellEnd();
    member.become('concluded');
    if (member.autoDismiss || !member.started) await member.dismiss();
  }
}
