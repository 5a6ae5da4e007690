/** The events of the reference. This list is what `query-events` and `query-qmp-schema` advertise. */
import type { QmpEvents } from '../../spec/generated/qmp.ts';

/** All events that the reference sends. */
export const events = [
  'BLOCK_IMAGE_CORRUPTED',
  'BLOCK_IO_ERROR',
  'BLOCK_JOB_CANCELLED',
  'BLOCK_JOB_COMPLETED',
  'BLOCK_JOB_ERROR',
  'BLOCK_JOB_PENDING',
  'BLOCK_JOB_READY',
  'BLOCK_WRITE_THRESHOLD',
  'DEVICE_DELETED',
  'DEVICE_TRAY_MOVED',
  'QUORUM_FAILURE',
  'QUORUM_REPORT_BAD',
  'RESET',
  'RESUME',
  'SHUTDOWN',
  'STOP',
] as const satisfies readonly (keyof QmpEvents)[];

export type EventName = (typeof events)[number];
