/** Requirements of the jobs that copy to another image: blockdev-backup, drive-backup, blockdev-mirror, drive-mirror. */
import type { Requirement } from './requirement.ts';

export const copyJobs = {
  'BLOCK_JOB_ERROR/action': {
    level: 'must',
    definition: 'BlockdevOnError',
    text: 'The action told is the one that was asked for: report ends the job, ignore lets it go on, stop pauses it.',
  },
  'blockdev-backup/cancelled': {
    level: 'must',
    definition: 'blockdev-backup',
    text: 'block-job-cancel stops the job before it has completed; from then on nothing reaches the target.',
  },
  'blockdev-backup/copies': {
    level: 'must',
    definition: 'blockdev-backup',
    text: 'With sync full the target holds at the end what the source held at the start.',
  },
  'blockdev-backup/device-unknown': {
    level: 'must',
    definition: 'blockdev-backup',
    text: 'A device that does not exist is refused with class DeviceNotFound.',
    contradictedBy: 'blockdev-backup/errors',
  },
  'blockdev-backup/device-unknown-refused': {
    level: 'must',
    definition: 'blockdev-backup',
    text: 'A device that does not exist is refused.',
  },
  'blockdev-backup/point-in-time': {
    level: 'must',
    definition: 'blockdev-backup',
    text: 'What is written to the source while the job runs does not reach the target: it gets the old data first.',
  },
  'blockdev-backup/speed': {
    level: 'must',
    definition: 'BlockdevBackup',
    text: 'speed is a limit in bytes per second, without limit by default; a negative one is refused.',
  },
  'blockdev-backup/sync-none': {
    level: 'must',
    definition: 'MirrorSyncMode',
    text: 'With sync none only what is overwritten on the source is copied; the job does not end by itself.',
  },
  'blockdev-backup/sync-top': {
    level: 'must',
    definition: 'MirrorSyncMode',
    text: 'With sync top only what the topmost image has is copied.',
  },
  'blockdev-backup/target-busy': {
    level: 'must',
    definition: 'blockdev-backup',
    text: 'A target that another job uses, or that is the source itself, is refused.',
  },
  'blockdev-backup/target-read-only': {
    level: 'must',
    definition: 'blockdev-backup',
    text: 'A target that cannot be written is refused.',
  },
  'blockdev-backup/target-unknown': {
    level: 'must',
    definition: 'BlockdevBackup',
    text: 'A target that does not exist is refused.',
  },
  'blockdev-mirror/cancel-when-ready': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'A ready job that is cancelled ends well and leaves the target as a copy of that moment; the source stays in use.',
    source: 'observation',
  },
  'blockdev-mirror/complete-switches': {
    level: 'must',
    definition: 'block-job-complete',
    text: 'Completing switches the users of the source to the target.',
  },
  'blockdev-mirror/copies': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'With sync full the target holds what the source holds once the job is ready.',
  },
  'blockdev-mirror/device-unknown': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'A device or target that does not exist is refused.',
  },
  'blockdev-mirror/filter-node-driver': {
    level: 'should',
    definition: 'blockdev-mirror',
    text: 'The filter node of a mirror shows the driver mirror_top.',
    source: 'observation',
  },
  'blockdev-mirror/filter-node-name': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'filter-node-name names the filter above the source as long as the job exists.',
  },
  'blockdev-mirror/granularity': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'granularity is a power of two from 512 to 64 MiB; anything else is refused.',
  },
  'blockdev-mirror/mirrors-writes': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'What is written to the source while the job exists is on the target when it has completed.',
  },
  'blockdev-mirror/replaces': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'With sync full, replaces names the node whose place the target takes on completion; another node than one of the source is refused.',
  },
  'blockdev-mirror/speed': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'speed is a limit in bytes per second; a negative one is refused.',
  },
  'blockdev-mirror/sync-none': {
    level: 'must',
    definition: 'MirrorSyncMode',
    text: 'With sync none nothing is copied but what is written from then on: the job is ready at once.',
  },
  'blockdev-mirror/sync-top': {
    level: 'must',
    definition: 'MirrorSyncMode',
    text: 'With sync top only what the topmost image has is copied.',
  },
  'blockdev-mirror/target-in-use': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'A target that another job uses is refused.',
  },
  'drive-backup/bitmap': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'bitmap must be there with sync incremental and must not be there without.',
  },
  'drive-backup/bitmap-kept': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'A backup with sync incremental that fails or is cancelled leaves the bitmap as it was, with what was written meanwhile.',
    source: 'observation',
  },
  'drive-backup/bitmap-restarts': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'A backup with sync incremental that succeeds leaves the bitmap with what was written since its start, and nothing else.',
    source: 'observation',
  },
  'drive-backup/creates-target': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'Without mode the target is made anew, in format or else in the format of the source, and holds the copy at the end.',
  },
  'drive-backup/device-unknown': {
    level: 'must',
    definition: 'drive-backup',
    text: 'A device that does not exist is refused with GenericError.',
  },
  'drive-backup/existing': {
    level: 'must',
    definition: 'NewImageMode',
    text: 'With mode existing the image that is there is used; a target that is not there is refused.',
  },
  'drive-backup/point-in-time': {
    level: 'must',
    definition: 'drive-backup',
    text: 'The copy is of the device as it was when the job started, whatever is written while it runs.',
  },
  'drive-backup/sync': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'sync selects what is copied: all, what the topmost image has, what a bitmap describes, or only new I/O.',
  },
  'drive-backup/sync-incremental': {
    level: 'must',
    definition: 'MirrorSyncMode',
    text: 'With sync incremental what the dirty bitmap describes is copied, and nothing else.',
  },
  'drive-mirror/creates-target': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'Without mode the target is made anew, in format or else in the format of the source, and holds the copy once the job is ready.',
  },
  'drive-mirror/device-unknown': {
    level: 'must',
    definition: 'drive-mirror',
    text: 'A device that does not exist is refused with GenericError.',
  },
  'drive-mirror/existing': {
    level: 'must',
    definition: 'NewImageMode',
    text: 'With mode existing the image that is there is used; a target that is not there is refused.',
  },
  'drive-mirror/mirrors-writes': {
    level: 'must',
    definition: 'drive-mirror',
    text: 'What is written to the device while the job exists is on the target when it has completed.',
  },
  'drive-mirror/node-name': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'node-name is the name of the target node; one that is taken is refused.',
  },
  'drive-mirror/sync': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'sync selects what is copied: all, what the topmost image has, or only what is written from then on.',
  },
} as const satisfies Record<string, Requirement>;
