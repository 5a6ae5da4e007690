/** The commands of jobs that copy, and how their jobs end well. */
import type { JsonObject } from '../../../spec/json.ts';
import type { CaseContext } from '../case.ts';
import { completed } from '../helpers/job-steps.ts';

export const COPY_COMMANDS = ['blockdev-backup', 'drive-backup', 'blockdev-mirror', 'drive-mirror'] as const;
/** One of these commands. */
export type CopyCommand = (typeof COPY_COMMANDS)[number];

/** The type of job that a command starts. */
export function typeOf(command: CopyCommand): 'backup' | 'mirror' {
  return command === 'blockdev-mirror' || command === 'drive-mirror' ? 'mirror' : 'backup';
}

/** The events with which a job of a command may get ready, where it does, and ends well. */
export function eventsOf(command: CopyCommand): string[] {
  return ['BLOCK_JOB_COMPLETED', ...(typeOf(command) === 'mirror' ? ['BLOCK_JOB_READY'] : [])];
}

/** Has a job end when it has copied all: a mirror is told to as soon as it is ready. Needs block-job-cancel. */
export async function readyToEnd(t: CaseContext, type: 'backup' | 'mirror', id: string): Promise<void> {
  if (type !== 'mirror') return;
  await t.event('BLOCK_JOB_READY', { device: id });
  await t.execute('block-job-cancel', { device: id });
}

/** Waits until a job has copied all, and ended. Needs block-job-cancel. */
export async function finished(t: CaseContext, type: 'backup' | 'mirror', id: string): Promise<void> {
  await readyToEnd(t, type, id);
  await completed(t, id, type);
}

/** Runs a job from its start to its good end. With sync full, unless `args` say otherwise. */
export async function copy(t: CaseContext, command: CopyCommand, args: JsonObject): Promise<void> {
  const id = t.name('job');
  await t.execute(command, { 'job-id': id, sync: 'full', ...args });
  await finished(t, typeOf(command), id);
}
