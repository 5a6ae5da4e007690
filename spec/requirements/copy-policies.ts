/** Requirements of copy jobs: what becomes of errors, by whose request they were met, and what is told of the job. */
import type { Requirement } from './requirement.ts';

export const copyPolicies = {
  'blockdev-backup/guest-errors-apart': {
    level: 'must',
    definition: 'BlockdevBackup',
    text: "The policies are for what the job does by itself: where the old data of a guest's write cannot be saved, that write fails, and the job has no error.",
  },
  'blockdev-backup/listed': {
    level: 'must',
    definition: 'blockdev-backup',
    text: 'While it runs query-block-jobs shows it as backup.',
  },
  'blockdev-backup/on-source-error-needs-io-status': {
    level: 'must',
    definition: 'BlockdevBackup',
    text: 'on-source-error stop and enospc are refused for a source that no device with an io-status uses.',
    contradictedBy: 'blockdev-backup/errors',
  },
  'blockdev-backup/on-target-error-any': {
    level: 'must',
    definition: 'BlockdevBackup',
    text: 'on-target-error takes every policy, whatever uses the source or the target.',
  },
  'blockdev-mirror/filter-generated-name': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'Without filter-node-name the filter has a generated name as long as the job exists.',
  },
  'blockdev-mirror/on-source-error-needs-io-status': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'on-source-error stop and enospc are refused for a source that no device with an io-status uses.',
    contradictedBy: 'blockdev-mirror/read-error-stop',
  },
  'blockdev-mirror/on-target-error-any': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'on-target-error takes every policy, whatever uses the source or the target.',
  },
  'drive-backup/cancelled': {
    level: 'must',
    definition: 'drive-backup',
    text: 'block-job-cancel stops the job before it has completed; from then on nothing reaches the target.',
  },
  'drive-backup/guest-errors-apart': {
    level: 'must',
    definition: 'DriveBackup',
    text: "The policies are for what the job does by itself: where the old data of a guest's write cannot be saved, that write fails, and the job has no error.",
  },
  'drive-backup/listed': {
    level: 'must',
    definition: 'drive-backup',
    text: 'While it runs query-block-jobs shows it as backup.',
  },
  'drive-backup/on-source-error-needs-io-status': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'on-source-error stop and enospc are refused for a source that no device with an io-status uses.',
    contradictedBy: 'drive-backup/errors',
  },
  'drive-backup/on-target-error-any': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'on-target-error takes every policy, whatever uses the source or the target.',
  },
  'drive-backup/on-target-error-default': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'Without on-target-error the policy for the target is report.',
  },
  'drive-mirror/on-source-error-needs-io-status': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'on-source-error stop and enospc are refused for a source that no device with an io-status uses.',
    contradictedBy: 'drive-mirror/errors',
  },
  'drive-mirror/on-target-error-any': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'on-target-error takes every policy, whatever uses the source or the target.',
  },
  'drive-mirror/on-target-error-default': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'Without on-target-error the policy for the target is report.',
  },
} as const satisfies Record<string, Requirement>;
