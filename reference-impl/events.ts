/** The events of the reference. This list is what `query-events` and `query-qmp-schema` advertise. */
import type { QmpEvents } from '../spec/generated/qmp.ts';

export const events = [
  'BLOCK_IMAGE_CORRUPTED',
  'BLOCK_WRITE_THRESHOLD',
  'SHUTDOWN',
] as const satisfies readonly (keyof QmpEvents)[];

export type EventName = (typeof events)[number];
