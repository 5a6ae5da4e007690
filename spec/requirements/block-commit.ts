/** Requirements of block-commit. */
import type { Requirement } from './requirement.ts';

export const blockCommit = {
  'block-commit/active-backing-file': {
    level: 'must',
    definition: 'block-commit',
    text: 'backing-file is refused where top is the active layer.',
  },
  'block-commit/active-mirrors-writes': {
    level: 'must',
    definition: 'block-commit',
    text: 'What is written to the device while a commit of the active layer is ready is in the base when it has completed.',
  },
  'block-commit/active-waits': {
    level: 'must',
    definition: 'block-commit',
    text: 'A commit of the active layer does not end by itself: it becomes ready and waits for block-job-complete.',
  },
  'block-commit/backing-file': {
    level: 'must',
    definition: 'block-commit',
    text: 'backing-file is written into the image above top as the name of its new backing file, unseen.',
  },
  'block-commit/backing-file-automatic': {
    level: 'must',
    definition: 'block-commit',
    text: 'Without backing-file the name of the base is written into the image above top.',
  },
  'block-commit/backing-file-look-up': {
    level: 'must',
    definition: 'block-commit',
    text: 'After a backing-file that cannot be resolved was written the image cannot be looked up by that file name, only by node name.',
  },
  'block-commit/base-default': {
    level: 'must',
    definition: 'block-commit',
    text: 'Without base the data go into the deepest image of the chain.',
  },
  'block-commit/base-grows': {
    level: 'must',
    definition: 'block-commit',
    text: 'A base that is smaller than top takes the size of top; a larger one keeps its own.',
  },
  'block-commit/base-resizable': {
    level: 'must',
    definition: 'block-commit',
    text: 'When the commit has ended, a base that kept its larger size can be given a smaller one.',
  },
  'block-commit/base-unknown': {
    level: 'must',
    definition: 'block-commit',
    text: 'A base that is not in the chain below top is refused with GenericError.',
  },
  'block-commit/by-device': {
    level: 'must',
    definition: 'block-commit',
    text: 'device is the name of a device, or of the node that is to be worked on.',
  },
  'block-commit/cancelled-keeps-device': {
    level: 'must',
    definition: 'block-commit',
    text: 'A commit of the active layer that is cancelled leaves the device with the top image; the base gets no more writes.',
  },
  'block-commit/commits': {
    level: 'must',
    definition: 'block-commit',
    text: 'At the end base holds the data of the images between it and top, and those are out of the chain.',
  },
  'block-commit/device-unknown': {
    level: 'must',
    definition: 'block-commit',
    text: 'A device that does not exist is refused with class DeviceNotFound.',
  },
  'block-commit/device-uses-base': {
    level: 'must',
    definition: 'block-commit',
    text: 'When a commit of the active layer has completed the device uses the base.',
  },
  'block-commit/filter-generated-name': {
    level: 'must',
    definition: 'block-commit',
    text: 'Without filter-node-name the filter has a generated name as long as the job exists.',
  },
  'block-commit/filter-name-refused': {
    level: 'must',
    definition: 'block-commit',
    text: 'A filter-node-name that is taken or malformed is refused, and nothing changes.',
  },
  'block-commit/filter-node-driver': {
    level: 'should',
    definition: 'block-commit',
    text: 'The filter node of a commit shows the driver commit_top.',
    source: 'observation',
  },
  'block-commit/filter-node-name': {
    level: 'must',
    definition: 'block-commit',
    text: 'filter-node-name names the filter above top as long as the job exists.',
  },
  'block-commit/into-itself': {
    level: 'must',
    definition: 'block-commit',
    text: 'top equal to base is refused.',
  },
  'block-commit/job-id-default': {
    level: 'must',
    definition: 'block-commit',
    text: 'Without job-id the job has the name of the device; of a node that no device uses the command is refused.',
  },
  'block-commit/leaves-overlay': {
    level: 'must',
    definition: 'block-commit',
    text: 'The image above top keeps what it has of its own and goes on taking the writes of the device; none of that goes into the base.',
  },
  'block-commit/reopens-base': {
    level: 'must',
    definition: 'block-commit',
    text: 'A base that is read-only is made writable for the commit, and is read-only again when it has ended.',
    source: 'observation',
  },
  'block-commit/root-only': {
    level: 'must',
    definition: 'block-commit',
    text: 'A node that has a parent is refused as device.',
  },
  'block-commit/speed': {
    level: 'must',
    definition: 'block-commit',
    text: 'speed is the limit in bytes per second; a negative one is refused.',
  },
  'block-commit/speed-class': {
    level: 'must',
    definition: 'block-commit',
    text: 'A negative speed is refused with class InvalidParameter.',
    contradictedBy: 'block-commit/errors',
  },
  'block-commit/top-default': {
    level: 'must',
    definition: 'block-commit',
    text: 'Without top the active layer is committed.',
  },
  'block-commit/top-unknown': {
    level: 'must',
    definition: 'block-commit',
    text: 'A top that is not in the chain is refused with GenericError.',
  },
  'block-commit/twice': {
    level: 'must',
    definition: 'block-commit',
    text: 'A second job on a chain that is being committed is refused, and the first goes on.',
  },
  'block-commit/twice-class': {
    level: 'must',
    definition: 'block-commit',
    text: 'A second commit or stream of the device is refused with class DeviceInUse.',
    contradictedBy: 'block-commit/twice',
  },
} as const satisfies Record<string, Requirement>;
