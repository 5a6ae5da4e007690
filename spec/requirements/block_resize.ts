/** Requirements of block_resize. */
import type { Requirement } from './requirement.ts';

export const blockResize = {
  'block_resize/both-names': {
    level: 'must',
    definition: 'block_resize',
    text: 'A call that names both a device and a node is refused.',
    contradictedBy: 'block_resize/errors',
  },
  'block_resize/by-device': {
    level: 'must',
    definition: 'block_resize',
    text: 'With device, the image inserted in that device takes the new size.',
  },
  'block_resize/by-node-name': {
    level: 'must',
    definition: 'block_resize',
    text: 'With node-name, that node of the graph takes the new size; it need not belong to a device.',
  },
  'block_resize/data-kept': {
    level: 'must',
    definition: 'block_resize',
    text: 'Bytes below both the old and the new size stay as they are; what a growing image gains reads as zeroes.',
  },
  'block_resize/device-unknown': {
    level: 'must',
    definition: 'block_resize',
    text: 'A device that does not exist is refused with class DeviceNotFound.',
    contradictedBy: 'block_resize/errors',
  },
  'block_resize/device-unknown-refused': {
    level: 'must',
    definition: 'block_resize',
    text: 'A device that does not exist is refused.',
  },
  'block_resize/fixed-size-refused': {
    level: 'must',
    definition: 'block_resize',
    text: 'An image whose driver cannot change its size is refused, and keeps it.',
  },
  'block_resize/guest-may-run': {
    level: 'must',
    definition: 'block_resize',
    text: 'The command works while a guest device uses the image.',
  },
  'block_resize/in-use': {
    level: 'must',
    definition: 'block_resize',
    text: 'An image that a block job holds is refused and keeps its size.',
    source: 'observation',
  },
  'block_resize/no-medium': {
    level: 'must',
    definition: 'block_resize',
    text: 'A device without medium is refused.',
  },
  'block_resize/no-name': {
    level: 'must',
    definition: 'block_resize',
    text: 'A call that names neither a device nor a node is refused.',
  },
  'block_resize/node-unknown': {
    level: 'must',
    definition: 'block_resize',
    text: 'A node-name that no node has is refused.',
  },
  'block_resize/size-in-bytes': {
    level: 'must',
    definition: 'block_resize',
    text: 'The size counts bytes: after success the image reports exactly this virtual-size.',
  },
  'block_resize/size-negative': {
    level: 'must',
    definition: 'block_resize',
    text: 'A negative size is refused and changes nothing.',
  },
  'block_resize/snapshots': {
    level: 'must',
    definition: 'block_resize',
    text: 'A qcow2 image of version 2 that has internal snapshots is refused and keeps its size.',
    source: 'observation',
  },
} as const satisfies Record<string, Requirement>;
