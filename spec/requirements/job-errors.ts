/** Requirements of what jobs do about failed requests. */
import type { Requirement } from './requirement.ts';

export const jobErrors = {
  'BLOCK_JOB_ERROR/operation': {
    level: 'must',
    definition: 'BLOCK_JOB_ERROR',
    text: 'operation is read where the source failed and write where the target did; action is one of BlockErrorAction: what was done.',
  },
  'BlockErrorAction/actions': {
    level: 'must',
    definition: 'BlockErrorAction',
    text: 'The action is ignore, report or stop, and the one that was taken, which need not be the name of the policy.',
  },
  'BlockdevOnError/auto': {
    level: 'must',
    definition: 'BlockdevOnError',
    text: 'With auto a job whose source has no policy of its own stops for want of space, and ends for any other error.',
  },
  'BlockdevOnError/auto-inherits': {
    level: 'must',
    definition: 'BlockdevOnError',
    text: 'auto takes the policy that the drive was given.',
    contradictedBy: 'qemu-7.2/auto-of-a-drive',
  },
  'BlockdevOnError/enospc-reports': {
    level: 'must',
    definition: 'BlockdevOnError',
    text: 'enospc is the same as report for every error but want of space.',
  },
  'BlockdevOnError/enospc-stops': {
    level: 'must',
    definition: 'BlockdevOnError',
    text: 'enospc is the same as stop for want of space.',
  },
  'BlockdevOnError/ignore': {
    level: 'must',
    definition: 'BlockdevOnError',
    text: 'With ignore an error of a job is told by BLOCK_JOB_ERROR, and the job goes on.',
  },
  'BlockdevOnError/report': {
    level: 'must',
    definition: 'BlockdevOnError',
    text: 'With report an error ends the job.',
  },
  'BlockdevOnError/stop': {
    level: 'must',
    definition: 'BlockdevOnError',
    text: 'With stop an error pauses the job until it is resumed.',
  },
  'block-commit/errors-reported': {
    level: 'must',
    definition: 'block-commit',
    text: 'A failed request ends a commit, which takes no policy: BLOCK_JOB_ERROR with action report, then the end with an error.',
    source: 'observation',
  },
  'block-stream/ignored-error': {
    level: 'must',
    definition: 'block-stream',
    text: 'A stream that ignored an error copies the rest, ends with that error and leaves the image its backing file.',
    source: 'observation',
  },
  'block-stream/on-error-default': {
    level: 'must',
    definition: 'block-stream',
    text: 'Without on-error the policy is report.',
  },
  'blockdev-backup/on-source-error-default': {
    level: 'must',
    definition: 'BlockdevBackup',
    text: 'Without on-source-error the policy for the source is report.',
  },
  'blockdev-backup/on-target-error-default': {
    level: 'must',
    definition: 'BlockdevBackup',
    text: 'Without on-target-error the policy for the target is report.',
  },
  'blockdev-mirror/on-source-error-default': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'Without on-source-error the policy for the source is report.',
  },
  'blockdev-mirror/on-target-error-default': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'Without on-target-error the policy for the target is report.',
  },
  'drive-backup/on-source-error-default': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'Without on-source-error the policy for the source is report.',
  },
  'drive-mirror/on-source-error-default': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'Without on-source-error the policy for the source is report.',
  },
  'query-block-jobs/io-status': {
    level: 'must',
    definition: 'BlockJobInfo',
    text: 'io-status is ok until an error stops the job, then nospace or failed by the error, and ok again once it was resumed.',
  },
} as const satisfies Record<string, Requirement>;
