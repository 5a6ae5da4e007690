/** Requirements of the block job verbs, and of what all jobs have in common. */
import type { Requirement } from './requirement.ts';

export const jobs = {
  'BlockJobStatus/aborting': {
    level: 'must',
    definition: 'BlockJobStatus',
    text: 'A job that fails or is cancelled is aborting until it has ended, and concluded then.',
  },
  'BlockJobStatus/concluded': {
    level: 'must',
    definition: 'BlockJobStatus',
    text: 'A job that has ended and was started to stay has status concluded until it is dismissed.',
  },
  'BlockJobStatus/paused': {
    level: 'must',
    definition: 'BlockJobStatus',
    text: 'A paused job that is not ready has status paused.',
  },
  'BlockJobStatus/pending': {
    level: 'must',
    definition: 'BlockJobStatus',
    text: 'A job that has done its work and has yet to be finalized has status pending.',
  },
  'BlockJobStatus/ready': {
    level: 'must',
    definition: 'BlockJobStatus',
    text: 'A job that waits to be told to complete has status ready.',
  },
  'BlockJobStatus/running': {
    level: 'must',
    definition: 'BlockJobStatus',
    text: 'A job at work, neither paused nor ready, has status running.',
  },
  'BlockJobStatus/standby': {
    level: 'must',
    definition: 'BlockJobStatus',
    text: 'A ready job that is paused has status standby; it may become ready again or be cancelled.',
  },
  'BlockJobStatus/waiting': {
    level: 'must',
    definition: 'BlockJobStatus',
    text: 'A job that has done its work and waits for the others of its transaction has status waiting.',
  },
  'block-job-cancel/cancels': {
    level: 'must',
    definition: 'block-job-cancel',
    text: 'A job that runs ends by it, with BLOCK_JOB_CANCELLED; afterwards it is not listed.',
  },
  'block-job-cancel/listed-until-then': {
    level: 'must',
    definition: 'block-job-cancel',
    text: 'A job that was cancelled is listed until BLOCK_JOB_CANCELLED has come.',
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
  'block-job-cancel/resumes-paused': {
    level: 'must',
    definition: 'block-job-cancel',
    text: 'A paused job that is cancelled goes on to its end without block-job-resume.',
  },
  'block-job-complete/cancelled': {
    level: 'must',
    definition: 'block-job-complete',
    text: 'A job that was cancelled cannot be completed.',
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
  'block-job-dismiss/not-needed': {
    level: 'must',
    definition: 'block-job-dismiss',
    text: 'A job that was not started to stay is gone once it has ended, without being dismissed.',
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
  'block-job-finalize/graph-changes': {
    level: 'must',
    definition: 'block-job-finalize',
    text: 'Changes of the graph that a pending job has yet to make are made by it, and not before.',
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
  'block-job-finalize/whole-transaction': {
    level: 'must',
    definition: 'block-job-finalize',
    text: 'Finalizing one job of a transaction finalizes all of them.',
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
  'block-job-set-speed/default': {
    level: 'must',
    definition: 'block-job-set-speed',
    text: 'The speed of a job that was started without one is 0, no limit.',
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
  'query-block-jobs/flags-agree': {
    level: 'must',
    definition: 'BlockJobInfo',
    text: 'status and the flags paused and ready tell the same.',
  },
} as const satisfies Record<string, Requirement>;
