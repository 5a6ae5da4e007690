/** Requirements of the block job verbs, and of what all jobs have in common. */
import type { Requirement } from './requirement.ts';

export const jobs = {
  'block-job-cancel/cancels': {
    level: 'must',
    definition: 'block-job-cancel',
    text: 'A job that runs ends by it, with BLOCK_JOB_CANCELLED; afterwards it is not listed.',
  },
  'block-job-cancel/no-job': {
    level: 'must',
    definition: 'block-job-cancel',
    text: 'Without a job of that id the command is refused with class DeviceNotActive.',
  },
  'block-job-cancel/paused-needs-force': {
    level: 'must',
    definition: 'block-job-cancel',
    text: 'A job that the user has paused can be cancelled only with force; refused, it stays paused.',
  },
  'block-job-cancel/ready-completes': {
    level: 'must',
    definition: 'block-job-cancel',
    text: 'A mirror that is ready ends with BLOCK_JOB_COMPLETED instead, and its target is a copy as of then.',
  },
  'block-job-complete/completes': {
    level: 'must',
    definition: 'block-job-complete',
    text: 'A ready job ends by it, with BLOCK_JOB_COMPLETED.',
  },
  'block-job-complete/no-job': {
    level: 'must',
    definition: 'block-job-complete',
    text: 'Without a job of that id the command is refused with class DeviceNotActive.',
  },
  'block-job-complete/not-ready': {
    level: 'must',
    definition: 'block-job-complete',
    text: 'A job that is not ready cannot be completed; it goes on.',
  },
  'block-job-complete/paused': {
    level: 'must',
    definition: 'block-job-complete',
    text: 'A paused job cannot be completed, though it was ready.',
  },
  'block-job-complete/switches-commit': {
    level: 'must',
    definition: 'block-job-complete',
    text: 'Completing a commit of the active layer switches the device to the base alone.',
  },
  'block-job-dismiss/no-job': {
    level: 'must',
    definition: 'block-job-dismiss',
    text: 'An id that no job has is refused with class DeviceNotActive.',
  },
  'block-job-dismiss/not-concluded': {
    level: 'must',
    definition: 'block-job-dismiss',
    text: 'A job that has not concluded is refused and goes on.',
  },
  'block-job-dismiss/removes': {
    level: 'must',
    definition: 'block-job-dismiss',
    text: 'A concluded job that waits for it is listed until then, and not afterwards.',
  },
  'block-job-finalize/finalizes': {
    level: 'must',
    definition: 'block-job-finalize',
    text: 'A job that is pending, because it was started so, ends by it.',
  },
  'block-job-finalize/no-job': {
    level: 'must',
    definition: 'block-job-finalize',
    text: 'An id that no job has is refused with class DeviceNotActive.',
  },
  'block-job-finalize/not-pending': {
    level: 'must',
    definition: 'block-job-finalize',
    text: 'A job that is not pending is refused and goes on.',
  },
  'block-job-pause/no-job': {
    level: 'must',
    definition: 'block-job-pause',
    text: 'Without a job of that id the command is refused with class DeviceNotActive.',
  },
  'block-job-pause/not-cumulative': {
    level: 'must',
    definition: 'block-job-pause',
    text: 'However often a job was paused, one block-job-resume makes it go on.',
  },
  'block-job-pause/pauses': {
    level: 'must',
    definition: 'block-job-pause',
    text: 'From then on the job reports paused, and its offset stands still; no event tells of it.',
  },
  'block-job-resume/no-job': {
    level: 'must',
    definition: 'block-job-resume',
    text: 'Without a job of that id the command is refused with class DeviceNotActive.',
  },
  'block-job-resume/resumes': {
    level: 'must',
    definition: 'block-job-resume',
    text: 'A paused job goes on and no longer reports paused.',
  },
  'block-job-resume/running': {
    level: 'must',
    definition: 'block-job-resume',
    text: 'Resuming a job that is not paused succeeds.',
    contradictedBy: 'block-job-resume/running',
  },
  'block-job-set-speed/negative': {
    level: 'must',
    definition: 'block-job-set-speed',
    text: 'A negative speed is refused and the job keeps its own.',
  },
  'block-job-set-speed/no-job': {
    level: 'must',
    definition: 'block-job-set-speed',
    text: 'Without a job of that id the command is refused with class DeviceNotActive.',
  },
  'block-job-set-speed/sets': {
    level: 'must',
    definition: 'block-job-set-speed',
    text: 'The job reports the new speed, in bytes per second; 0 means no limit.',
  },
  'jobs/blocks-deletion': {
    level: 'must',
    definition: 'blockdev-del',
    text: 'Nodes that a job works on cannot be deleted while it exists, and can afterwards.',
  },
  'jobs/id-form': {
    level: 'must',
    definition: 'block-job-cancel',
    text: 'A job-id that is no well-formed id (a letter, then letters, digits, -, . and _) is refused and no job starts.',
  },
  'jobs/id-taken': {
    level: 'must',
    definition: 'block-job-cancel',
    text: 'A job-id that another job has is refused, and that job goes on.',
  },
} as const satisfies Record<string, Requirement>;
