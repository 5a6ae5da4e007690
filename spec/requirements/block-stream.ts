/** Requirements of block-stream. */
import type { Requirement } from './requirement.ts';

export const blockStream = {
  'block-stream/again-after-cancel': {
    level: 'must',
    definition: 'block-job-cancel',
    text: 'A stream that was cancelled can be started again later, and copies what is left.',
  },
  'block-stream/backing-file': {
    level: 'must',
    definition: 'block-stream',
    text: 'backing-file is written into the top image as the name of its new backing file, unseen.',
  },
  'block-stream/backing-file-automatic': {
    level: 'must',
    definition: 'block-stream',
    text: 'Without backing-file the name of the new backing image is written into the top image.',
  },
  'block-stream/backing-file-look-up': {
    level: 'must',
    definition: 'block-stream',
    text: 'After a backing-file that cannot be resolved was written the image cannot be looked up by that file name, only by node name.',
  },
  'block-stream/backing-file-needs-base': {
    level: 'must',
    definition: 'block-stream',
    text: 'backing-file without a base is refused: an image that stands alone has no name to hold.',
    source: 'observation',
  },
  'block-stream/base': {
    level: 'must',
    definition: 'block-stream',
    text: 'With base, a file name, nothing is copied from that image or below, and it becomes the backing file.',
  },
  'block-stream/base-and-base-node': {
    level: 'must',
    definition: 'block-stream',
    text: 'base and base-node together are refused.',
  },
  'block-stream/base-node': {
    level: 'must',
    definition: 'block-stream',
    text: 'With base-node, a node name, nothing is copied from that node or below, and it becomes the backing node.',
  },
  'block-stream/base-unknown': {
    level: 'must',
    definition: 'block-stream',
    text: 'A base that is not in the backing chain of the top image is refused.',
  },
  'block-stream/by-device': {
    level: 'must',
    definition: 'block-stream',
    text: 'device is the name of a device, or of the node that is to be worked on.',
  },
  'block-stream/cancel-keeps-backing': {
    level: 'must',
    definition: 'block-job-cancel',
    text: 'A stream that was cancelled leaves the image its backing file, and its content as it was.',
  },
  'block-stream/completes': {
    level: 'must',
    definition: 'block-stream',
    text: 'At the end the image holds all that its backing files held, has none any more, and BLOCK_JOB_COMPLETED comes.',
  },
  'block-stream/device-unknown': {
    level: 'must',
    definition: 'block-stream',
    text: 'A device that does not exist is refused with class DeviceNotFound.',
    contradictedBy: 'random/r01080',
  },
  'block-stream/device-unknown-refused': {
    level: 'must',
    definition: 'block-stream',
    text: 'A device that does not exist is refused.',
  },
  'block-stream/intermediate': {
    level: 'must',
    definition: 'block-stream',
    text: 'The top image may be anywhere in a chain, above its base: those above it stay on it.',
  },
  'block-stream/job-id-default': {
    level: 'must',
    definition: 'block-stream',
    text: 'Without job-id the job has the name of the device; of a node that no device uses the command is refused.',
  },
  'block-stream/keeps-writes': {
    level: 'must',
    definition: 'block-stream',
    text: 'What is written to the image while the job runs stays; the images that are read stay as they were.',
  },
  'block-stream/on-error-needs-io-status': {
    level: 'must',
    definition: 'block-stream',
    text: 'on-error stop and enospc are refused on a node that no device with an io-status uses.',
    contradictedBy: 'random/r01236',
  },
  'block-stream/read-only': {
    level: 'must',
    definition: 'block-stream',
    text: 'A top image that can neither be written nor made writable is refused.',
  },
  'block-stream/returns-at-once': {
    level: 'must',
    definition: 'block-stream',
    text: 'The command returns once the job runs; query-block-jobs shows it as stream.',
  },
  'block-stream/speed': {
    level: 'must',
    definition: 'block-stream',
    text: 'speed is the limit in bytes per second; a negative one is refused.',
  },
  'block-stream/twice': {
    level: 'must',
    definition: 'block-stream',
    text: 'A second job on an image that a stream works on is refused, and the first goes on.',
  },
} as const satisfies Record<string, Requirement>;
