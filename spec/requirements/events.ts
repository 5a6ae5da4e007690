/** Requirements of the block events. */
import type { Requirement } from './requirement.ts';

export const events = {
  'BLOCK_IMAGE_CORRUPTED/device': {
    level: 'must',
    definition: 'BLOCK_IMAGE_CORRUPTED',
    text: 'device is always there; it is empty where the image belongs to no device.',
  },
  'BLOCK_IMAGE_CORRUPTED/emitted': {
    level: 'must',
    definition: 'BLOCK_IMAGE_CORRUPTED',
    text: 'An image that is marked corrupt brings one, which names it by device or by node.',
  },
  'BLOCK_IMAGE_CORRUPTED/fatal': {
    level: 'must',
    definition: 'BLOCK_IMAGE_CORRUPTED',
    text: 'After a fatal one the image counts as corrupt and cannot be used until it was repaired.',
  },
  'BLOCK_IMAGE_CORRUPTED/msg': {
    level: 'must',
    definition: 'BLOCK_IMAGE_CORRUPTED',
    text: 'msg has some text that tells what is wrong.',
  },
  'BLOCK_IMAGE_CORRUPTED/not-fatal': {
    level: 'must',
    definition: 'BLOCK_IMAGE_CORRUPTED',
    text: 'After one that is not fatal the image stays in use.',
  },
  'BLOCK_IMAGE_CORRUPTED/offset-and-size': {
    level: 'must',
    definition: 'BLOCK_IMAGE_CORRUPTED',
    text: 'offset and size are present where an access to the image file brought the corruption to light, and tell which.',
  },
  'BLOCK_IMAGE_CORRUPTED/once': {
    level: 'must',
    definition: 'BLOCK_IMAGE_CORRUPTED',
    text: 'A node tells corruption that is not fatal once, not at every access that meets it.',
    source: 'observation',
  },
  'BLOCK_IMAGE_CORRUPTED/unusable': {
    level: 'must',
    definition: 'BLOCK_IMAGE_CORRUPTED',
    text: 'After a fatal one the node can be neither read nor written.',
  },
  'BLOCK_IO_ERROR/device': {
    level: 'must',
    definition: 'BLOCK_IO_ERROR',
    text: 'device is always there; it is empty where the node belongs to no device.',
  },
  'BLOCK_IO_ERROR/emitted': {
    level: 'must',
    definition: 'BLOCK_IO_ERROR',
    text: 'Each error of guest I/O brings one, with the operation and the action that was taken.',
  },
  'BLOCK_IO_ERROR/node-name': {
    level: 'must',
    definition: 'BLOCK_IO_ERROR',
    text: 'node-name is absent when the drive is empty.',
  },
  'BLOCK_IO_ERROR/nospace': {
    level: 'must',
    definition: 'BLOCK_IO_ERROR',
    text: 'nospace is present only where query-block shows an io-status.',
  },
  'BLOCK_IO_ERROR/root-node': {
    level: 'may',
    definition: 'BLOCK_IO_ERROR',
    text: 'node-name may be the node that is attached to the guest device, where the error was below it.',
  },
  'BLOCK_IO_ERROR/stop-follows': {
    level: 'must',
    definition: 'BLOCK_IO_ERROR',
    text: 'An error whose action is stop is followed by a STOP event.',
  },
  'BLOCK_JOB_CANCELLED/emitted': {
    level: 'must',
    definition: 'BLOCK_JOB_CANCELLED',
    text: 'A job that was cancelled brings one, with the type and id of the job.',
  },
  'BLOCK_JOB_CANCELLED/progress': {
    level: 'must',
    definition: 'BLOCK_JOB_CANCELLED',
    text: 'offset is smaller than len where the job was cancelled before all its work was done.',
  },
  'BLOCK_JOB_CANCELLED/speed': {
    level: 'must',
    definition: 'BLOCK_JOB_CANCELLED',
    text: 'speed is the limit that the job had at its end.',
  },
  'BLOCK_JOB_COMPLETED/emitted': {
    level: 'must',
    definition: 'BLOCK_JOB_COMPLETED',
    text: 'A job that ended, well or not, without being cancelled brings one.',
  },
  'BLOCK_JOB_COMPLETED/error': {
    level: 'must',
    definition: 'BLOCK_JOB_COMPLETED',
    text: 'error is present only if the job failed.',
  },
  'BLOCK_JOB_COMPLETED/progress': {
    level: 'must',
    definition: 'BLOCK_JOB_COMPLETED',
    text: 'offset equals len after success, but for what a backup with sync top leaves out.',
  },
  'BLOCK_JOB_COMPLETED/progress-of-failed': {
    level: 'must',
    definition: 'BLOCK_JOB_COMPLETED',
    text: 'offset is less than len after a failure.',
  },
  'BLOCK_JOB_COMPLETED/progress-of-top': {
    level: 'must',
    definition: 'BLOCK_JOB_COMPLETED',
    text: 'offset equals len after the success of a backup with sync top too.',
    contradictedBy: 'blockdev-backup/top-with-backing',
  },
  'BLOCK_JOB_COMPLETED/speed': {
    level: 'must',
    definition: 'BLOCK_JOB_COMPLETED',
    text: 'speed is the limit that the job had at its end.',
  },
  'BLOCK_JOB_ERROR/emitted': {
    level: 'must',
    definition: 'BLOCK_JOB_ERROR',
    text: 'Each I/O error that a job meets brings one, with the operation and the action that was taken.',
  },
  'BLOCK_JOB_PENDING/awaits-finalize': {
    level: 'must',
    definition: 'BLOCK_JOB_PENDING',
    text: 'It tells that a job waits for block-job-finalize; in a transaction it comes only once all its jobs have got there.',
  },
  'BLOCK_JOB_READY/emitted': {
    level: 'must',
    definition: 'BLOCK_JOB_READY',
    text: 'A job that has become ready to be completed by command says so with this event.',
  },
  'BLOCK_JOB_READY/progress': {
    level: 'must',
    definition: 'BLOCK_JOB_READY',
    text: 'offset equals len.',
  },
  'BLOCK_JOB_READY/reset-by-error': {
    level: 'must',
    definition: 'BLOCK_JOB_READY',
    text: 'A BLOCK_JOB_ERROR takes the readiness of the job back.',
    contradictedBy: 'qemu-7.2/error-of-a-ready-mirror',
  },
  'BLOCK_WRITE_THRESHOLD/again': {
    level: 'must',
    definition: 'BLOCK_WRITE_THRESHOLD',
    text: 'Registered again after it came, it comes again.',
  },
  'BLOCK_WRITE_THRESHOLD/emitted': {
    level: 'must',
    definition: 'BLOCK_WRITE_THRESHOLD',
    text: 'A write that reaches beyond the threshold of its node brings one, with the bytes beyond it and the threshold.',
  },
  'BLOCK_WRITE_THRESHOLD/one-shot': {
    level: 'must',
    definition: 'BLOCK_WRITE_THRESHOLD',
    text: 'It comes once; then the threshold is 0 until it is set anew.',
  },
  'BLOCK_WRITE_THRESHOLD/reached': {
    level: 'must',
    definition: 'BLOCK_WRITE_THRESHOLD',
    text: 'A write that reaches the threshold exactly brings one too.',
    contradictedBy: 'block-set-write-threshold/event',
  },
} as const satisfies Record<string, Requirement>;
