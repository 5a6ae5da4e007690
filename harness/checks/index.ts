/**
 * All checks, in the order in which they look. `query-changes-nothing` stands before `error-changes-nothing`, so
 * that a change is blamed on the right one.
 */
import type { Check } from './check.ts';
import { counters } from './counters.ts';
import { crash } from './crash.ts';
import { envelope } from './envelope.ts';
import { errorChangesNothing } from './error-changes-nothing.ts';
import { errorClass } from './error-class.ts';
import { eventSchema } from './event-schema.ts';
import { images } from './images.ts';
import { integerText } from './integer-text.ts';
import { invalidRefused } from './invalid-refused.ts';
import { jobEvents } from './job-events.ts';
import { jobReports } from './job-reports.ts';
import { leftovers } from './leftovers.ts';
import { listedOnce } from './listed-once.ts';
import { liveness } from './liveness.ts';
import { queryChangesNothing } from './query-changes-nothing.ts';
import { replySchema } from './reply-schema.ts';
import { successHasEffect } from './success-has-effect.ts';

/** All of them by their ids, which stand in records and expectations. */
export const checks = {
  envelope,
  'error-class': errorClass,
  'invalid-refused': invalidRefused,
  'integer-text': integerText,
  'reply-schema': replySchema,
  'listed-once': listedOnce,
  'event-schema': eventSchema,
  'job-reports': jobReports,
  'job-events': jobEvents,
  counters,
  'query-changes-nothing': queryChangesNothing,
  'error-changes-nothing': errorChangesNothing,
  'success-has-effect': successHasEffect,
  liveness,
  crash,
  images,
  leftovers,
} as const satisfies Record<string, () => Check>;

/** A new set for one case, without those whose ids are given. */
export function makeChecks(without: readonly string[] = []): Check[] {
  return Object.entries(checks).flatMap(([id, make]) => (without.includes(id) ? [] : [make()]));
}
