/**
 * What the composition root hands to every part of the reference: the one seam each for time, randomness, the host
 * folder, idleness, warnings and events. Parts keep the object, never a copy of its members.
 */
import type { JsonObject } from '../spec/json.ts';
import type { Clock } from './endpoint.ts';
import type { EventName } from './events.ts';
import type { InFlight } from './io/inflight.ts';
import type { Objects } from './objects/objects.ts';

export interface Services {
  readonly clock: Clock;
  /** 32 random bits a call. */
  readonly random: () => number;
  /** Relative host file names are taken from here. */
  readonly cwd: string;
  readonly inFlight: InFlight;
  /** What `object-add` made. */
  readonly objects: Objects;
  /** A warning, one line, as QEMU would print it to stderr. */
  log(line: string): void;
  /** Ends the endpoint on the spot with status 1, after telling why on one line. */
  abort(line: string): void;
  /** Sends an event, stamped with the clock's wall time, to every monitor that has negotiated. */
  emit(event: EventName, data?: JsonObject): void;
}
