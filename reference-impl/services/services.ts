/**
 * What the composition root hands to every part of the reference: the one seam each for time, randomness, the host
 * folder, idleness, warnings and events. A part is handed the object, or only the members that it may use, as drivers are
 * (`OpenEnvironment`).
 */
import type { BlockJobType, QmpEvents } from '../../spec/generated/qmp.ts';
import type { HostWork } from '../host/host-work.ts';
import type { ObjectContext } from '../objects/objects.ts';
import type { EventName } from './emitted-events.ts';

/** One object for a whole endpoint. */
export interface Services extends ObjectContext {
  /** 32 random bits a call. */
  readonly random: () => number;
  readonly hostWork: HostWork;
  /** What the user calls the guest (`-name`), and its UUID (`-uuid`), in small letters. */
  readonly guestName?: string | undefined;
  readonly guestUuid?: string | undefined;
  /** A warning, one line, as QEMU would print it to stderr. */
  log(line: string): void;
  /** What the user asked for, one line, as QEMU would print it to stdout. */
  print(line: string): void;
  /** Ends the endpoint on the spot with status 1, after telling why on one line. */
  abort(line: string): void;
  /** Told of each step of a job, from one offset to another; for faults on demand. */
  jobProgressed?(type: BlockJobType, from: number, to: number): void;
  /** Sends an event, stamped with the clock's wall time, to every monitor that has negotiated; `data` where it has any. */
  emit<E extends EventName>(event: E, data?: QmpEvents[E]): void;
}
