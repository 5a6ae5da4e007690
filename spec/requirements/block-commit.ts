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
  'block-commit/base-unknown': {
    level: 'must',
    definition: 'block-commit',
    text: 'A base that is not in the chain below top is refused with GenericError.',
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
  'block-commit/leaves-overlay': {
    level: 'must',
    definition: 'block-commit',
    text: 'The image above top keeps what it has of its own and goes on taking the writes of the device; none of that goes into the base.',
  },
  'block-commit/speed': {
    level: 'must',
    definition: 'block-commit',
    text: 'speed is the limit in bytes per second; a negative one is refused.',
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
} as const satisfies Record<string, Requirement>;
