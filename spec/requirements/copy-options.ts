/** Requirements of the options of jobs that copy: what they take as source and target, and how they leave that behind. */
import type { Requirement } from './requirement.ts';

export const copyOptions = {
  'BLOCK_JOB_COMPLETED/len': {
    level: 'must',
    definition: 'BLOCK_JOB_COMPLETED',
    text: 'len is the most that the progress can be: of a full backup the size of the disk.',
  },
  'BLOCK_JOB_READY/len': {
    level: 'must',
    definition: 'BLOCK_JOB_READY',
    text: 'len is the most that the progress can be: of a full mirror what the source holds.',
  },
  'BLOCK_JOB_READY/speed': {
    level: 'must',
    definition: 'BLOCK_JOB_READY',
    text: 'speed is the limit of the job in bytes per second.',
  },
  'blockdev-backup/compress': {
    level: 'must',
    definition: 'BlockdevBackup',
    text: 'With compress data is stored compressed; a target whose format cannot do so is refused.',
  },
  'blockdev-backup/compress-default': {
    level: 'must',
    definition: 'BlockdevBackup',
    text: 'Without compress nothing is compressed, and any format will do.',
  },
  'blockdev-backup/job-id-default': {
    level: 'must',
    definition: 'BlockdevBackup',
    text: 'Without job-id the job has the name of the device; a node of none takes one.',
  },
  'blockdev-backup/root-only': {
    level: 'must',
    definition: 'BlockdevBackup',
    text: 'device names a device or a root node; a node that another one stands on is refused.',
  },
  'blockdev-backup/sync-modes': {
    level: 'must',
    definition: 'BlockdevBackup',
    text: 'sync is full, top or none; incremental is refused.',
  },
  'blockdev-backup/target-attached': {
    level: 'must',
    definition: 'BlockdevBackup',
    text: 'A target that a guest uses is refused.',
    source: 'observation',
  },
  'blockdev-backup/target-by-device': {
    level: 'must',
    definition: 'BlockdevBackup',
    text: 'target names a device or a node.',
  },
  'blockdev-mirror/buf-size': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'No more than buf-size is on its way from source to target; a negative one is refused.',
  },
  'blockdev-mirror/granularity-default': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'Without granularity it is 64 KiB for a target without clusters, 4 KiB for smaller ones than that, else the size of a cluster.',
  },
  'blockdev-mirror/job-id-default': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'Without job-id the job has the name of the device; a node of none takes one.',
  },
  'blockdev-mirror/root-only': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'device names a device or a root node; a node that another one stands on is refused.',
  },
  'blockdev-mirror/sync-modes': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'sync is full, top or none; incremental is refused.',
  },
  'blockdev-mirror/target-attached': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'A target that a guest uses is refused.',
  },
  'drive-backup/compress': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'With compress data is stored compressed where the format of the target can do so.',
  },
  'drive-backup/compress-default': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'Without compress data is stored as it is.',
  },
  'drive-backup/existing-file': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'A target that is there is used: the image is made in that file.',
  },
  'drive-backup/existing-format': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'With mode existing and without format, the target is written in the format that it is found to have.',
  },
  'drive-backup/job-id-default': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'Without job-id the job has the name of the device; a node of none takes one.',
  },
  'drive-backup/root-only': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'device names a device or a root node; a node that another one stands on is refused.',
  },
  'drive-backup/speed': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'speed is a limit in bytes per second.',
  },
  'drive-mirror/buf-size': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'No more than buf-size is on its way from source to target; a negative one is refused.',
  },
  'drive-mirror/existing-file': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'A target that is there is used: the image is made in that file.',
  },
  'drive-mirror/existing-format': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'With mode existing and without format, the target is written in the format that it is found to have.',
  },
  'drive-mirror/granularity': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'granularity is a power of two from 512 to 64 MiB; anything else is refused.',
  },
  'drive-mirror/granularity-default': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'Without granularity it is 64 KiB for a target without clusters, 4 KiB for smaller ones than that, else the size of a cluster.',
  },
  'drive-mirror/job-id-default': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'Without job-id the job has the name of the device; a node of none takes one.',
  },
  'drive-mirror/replaces': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'With sync full, replaces names the node whose place the new image takes on completion; it needs a node-name.',
  },
  'drive-mirror/root-only': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'device names a device or a root node; a node that another one stands on is refused.',
  },
  'drive-mirror/speed': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'speed is a limit in bytes per second.',
  },
  'drive-mirror/sync-modes': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'sync is full, top or none; incremental is refused.',
  },
  'drive-mirror/unmap': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'With unmap true the target has no space where the source has only zeroes, and reads as zeroes there.',
  },
  'drive-mirror/unmap-default': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'unmap is true if it is left out.',
  },
  'drive-mirror/unmap-false': {
    level: 'must',
    definition: 'DriveMirror',
    text: 'With unmap false zeroes are written where the source has them; what the target reads as is the same.',
  },
} as const satisfies Record<string, Requirement>;
