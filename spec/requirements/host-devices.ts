/** Requirements of the drivers host_device and host_cdrom. */
import type { Requirement } from './requirement.ts';

export const hostDevices = {
  'host_cdrom/device': {
    level: 'must',
    definition: 'BlockdevOptionsFile',
    text: 'A host_cdrom node is over a CD-ROM drive of the host: it has its size.',
  },
  'host_cdrom/regular-file': {
    level: 'must',
    definition: 'BlockdevOptionsFile',
    text: 'A regular file is refused, or opened with the size that it has.',
    source: 'observation',
  },
  'host_device/device': {
    level: 'must',
    definition: 'BlockdevOptionsFile',
    text: 'A host_device node is over a block device of the host: it has its size and its data, and writes reach it.',
  },
  'host_device/full': {
    level: 'must',
    definition: 'BlockdevOptionsFile',
    text: 'A write that needs more than the device has fails with ENOSPC.',
    source: 'observation',
  },
  'host_device/regular-file': {
    level: 'must',
    definition: 'BlockdevOptionsFile',
    text: 'A regular file is refused, or opened with the size that it has.',
    source: 'observation',
  },
} as const satisfies Record<string, Requirement>;
