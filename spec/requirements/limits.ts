/** Requirements of block-set-write-threshold and block_set_io_throttle. */
import type { Requirement } from './requirement.ts';

export const limits = {
  'block-set-write-threshold/node-unknown': {
    level: 'must',
    definition: 'block-set-write-threshold',
    text: 'A node-name that no node has is refused.',
  },
  'block-set-write-threshold/not-negative': {
    level: 'must',
    definition: 'block-set-write-threshold',
    text: 'A threshold is an offset and so never negative: what may be spelt so is the largest unsigned one.',
  },
  'block-set-write-threshold/sets': {
    level: 'must',
    definition: 'block-set-write-threshold',
    text: 'The node reports the threshold, in bytes; 0 is the default and takes it away.',
  },
  'block-set-write-threshold/zero-disables': {
    level: 'must',
    definition: 'block-set-write-threshold',
    text: 'After a threshold of 0 no write brings the event.',
  },
  'block_passwd/always-fails': {
    level: 'must',
    definition: 'block_passwd',
    text: 'It fails, whatever it is given.',
    since: '2.10',
    until: '5.2',
  },
  'block_set_io_throttle/combinations': {
    level: 'must',
    definition: 'block_set_io_throttle',
    text: 'A total limit with one for reads or writes, a burst without its limit, a length without its burst and negative values are refused; the limits stay.',
  },
  'block_set_io_throttle/device-unknown': {
    level: 'must',
    definition: 'block_set_io_throttle',
    text: 'A device that does not exist is refused with class DeviceNotFound.',
  },
  'block_set_io_throttle/disables': {
    level: 'must',
    definition: 'block_set_io_throttle',
    text: 'All limits zero take throttling away.',
  },
  'block_set_io_throttle/group': {
    level: 'must',
    definition: 'BlockIOThrottle',
    text: 'group names the throttle group that the device joins. Without it the device stays in its group; one that is in none gets a group of its own name.',
  },
  'block_set_io_throttle/sets': {
    level: 'must',
    definition: 'block_set_io_throttle',
    text: 'The device reports the limits that were given.',
  },
} as const satisfies Record<string, Requirement>;
