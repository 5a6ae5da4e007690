/** Requirements of throttle groups: what limits do, on drives and on nodes. */
import type { Requirement } from './requirement.ts';

export const throttling = {
  'BlockIOThrottle/burst-reported': {
    level: 'must',
    definition: 'BlockIOThrottle',
    text: 'Each of the six burst limits and burst lengths is reported as it was set.',
  },
  'BlockIOThrottle/id': {
    level: 'must',
    definition: 'BlockIOThrottle',
    text: 'id is the name or the QOM path of the guest device whose drive is limited.',
    since: '2.8',
  },
  'BlockIOThrottle/iops-size-alone': {
    level: 'must',
    definition: 'BlockIOThrottle',
    text: 'iops_size is refused without a limit of operations; the limits stay.',
    source: 'observation',
  },
  'BlockIOThrottle/length-default': {
    level: 'must',
    definition: 'BlockIOThrottle',
    text: 'A burst length that is not given is 1 second.',
    since: '2.6',
  },
  'BlockIOThrottle/length-needs-burst': {
    level: 'must',
    definition: 'BlockIOThrottle',
    text: 'A burst length is refused unless the burst limit of the same name is set.',
    since: '2.6',
  },
  'BlockIOThrottle/length-not-zero': {
    level: 'must',
    definition: 'BlockIOThrottle',
    text: 'A burst length of 0 is refused; the limits stay.',
    source: 'observation',
    since: '2.6',
  },
  'BlockdevOptionsThrottle/file': {
    level: 'must',
    definition: 'BlockdevOptionsThrottle',
    text: 'file is the node that the data are read from and written to.',
    since: '2.11',
  },
  'BlockdevOptionsThrottle/group-exists': {
    level: 'must',
    definition: 'BlockdevOptionsThrottle',
    text: 'A throttle-group that does not exist is refused; one that a node uses cannot be deleted.',
    since: '2.11',
  },
  'BlockdevOptionsThrottle/shares-group': {
    level: 'must',
    definition: 'BlockdevOptionsThrottle',
    text: 'The limits of the group hold for the requests of all its nodes together, and for no other node.',
    since: '2.11',
  },
  'ThrottleLimits/burst': {
    level: 'must',
    definition: 'ThrottleLimits',
    text: 'During a burst of the length given as much passes as its limit says, and after it as the limit without burst says.',
    since: '2.11',
  },
  'ThrottleLimits/bytes': {
    level: 'must',
    definition: 'ThrottleLimits',
    text: 'bps-total, bps-read and bps-write limit the bytes a second of all requests, of reads and of writes.',
    since: '2.11',
  },
  'ThrottleLimits/combinations': {
    level: 'must',
    definition: 'ThrottleLimits',
    text: 'Limits that contradict one another are refused, and no group is made.',
    since: '2.11',
  },
  'ThrottleLimits/iops-size': {
    level: 'must',
    definition: 'ThrottleLimits',
    text: 'A request of more than iops-size bytes counts as several operations.',
    since: '2.11',
  },
  'ThrottleLimits/length-needs-burst': {
    level: 'must',
    definition: 'ThrottleLimits',
    text: 'A burst length is refused unless the burst limit of the same name is set.',
    since: '2.11',
  },
  'ThrottleLimits/missing-keeps': {
    level: 'must',
    definition: 'ThrottleLimits',
    text: 'A limit that is missing where limits are set keeps its value.',
    since: '2.11',
  },
  'ThrottleLimits/operations': {
    level: 'must',
    definition: 'ThrottleLimits',
    text: 'iops-total, iops-read and iops-write limit the operations a second of all kinds, of reads and of writes.',
    since: '2.11',
  },
  'block_set_io_throttle/disables-only-itself': {
    level: 'must',
    definition: 'block_set_io_throttle',
    text: 'A device whose limits are all set to zero leaves its group, and group is ignored; the other members keep their limits.',
  },
  'block_set_io_throttle/group-shares': {
    level: 'must',
    definition: 'block_set_io_throttle',
    text: 'Limits that are set for a device hold for the whole group, and for the requests of its members together.',
    since: '2.4',
  },
  'block_set_io_throttle/limits': {
    level: 'must',
    definition: 'block_set_io_throttle',
    text: 'No more bytes or operations a second pass than the limits say.',
  },
  'block_set_io_throttle/moves': {
    level: 'must',
    definition: 'block_set_io_throttle',
    text: 'A device that is moved to another group leaves the limits of its old group as they are.',
    since: '2.4',
  },
} as const satisfies Record<string, Requirement>;
