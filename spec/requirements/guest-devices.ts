/** Requirements of guest devices: what guest I/O does when it fails, its statistics, the machine's events, hotplug. */
import type { Requirement } from './requirement.ts';

export const guestDevices = {
  'BLOCK_IO_ERROR/action': {
    level: 'must',
    definition: 'BLOCK_IO_ERROR',
    text: 'action is what was done of the error: ignore, report or stop.',
  },
  'BLOCK_IO_ERROR/nospace-on-enospc': {
    level: 'must',
    definition: 'BLOCK_IO_ERROR',
    text: 'nospace is true where space was lacking, and false for any other error.',
  },
  'BLOCK_IO_ERROR/operation': {
    level: 'must',
    definition: 'BLOCK_IO_ERROR',
    text: 'operation is read or write, as the guest asked.',
  },
  'BLOCK_IO_ERROR/reason': {
    level: 'must',
    definition: 'BLOCK_IO_ERROR',
    text: 'reason has some text.',
  },
  'BlockDeviceIoStatus/failed': {
    level: 'must',
    definition: 'BlockDeviceIoStatus',
    text: 'The io-status of a device is failed after an error that stopped the machine.',
  },
  'BlockDeviceIoStatus/nospace': {
    level: 'must',
    definition: 'BlockDeviceIoStatus',
    text: 'The io-status of a device is nospace after an error for want of space that stopped the machine.',
  },
  'BlockDeviceIoStatus/ok': {
    level: 'must',
    definition: 'BlockDeviceIoStatus',
    text: 'The io-status of a device is ok while no error stopped the machine, and again when it went on.',
  },
  'BlockDeviceStats/flush': {
    level: 'must',
    definition: 'BlockDeviceStats',
    text: 'flush_operations counts the flushes of the guest.',
  },
  'BlockDeviceStats/idle-time': {
    level: 'must',
    definition: 'BlockDeviceStats',
    text: 'idle_time_ns is the time since the latest operation, in nanoseconds.',
  },
  'BlockDeviceStats/invalid': {
    level: 'must',
    definition: 'BlockDeviceStats',
    text: 'invalid_rd_operations and invalid_wr_operations count requests that can never be carried out.',
  },
  'BlockDeviceStats/times': {
    level: 'must',
    definition: 'BlockDeviceStats',
    text: 'The total times of reads, writes and flushes grow by as long as these took.',
  },
  'BlockDeviceTimedStats/interval': {
    level: 'must',
    definition: 'BlockDeviceTimedStats',
    text: 'Each interval that was defined has statistics of its own, with its length in seconds.',
  },
  'BlockDeviceTimedStats/latency': {
    level: 'must',
    definition: 'BlockDeviceTimedStats',
    text: 'Lowest, highest and average latency are those of the requests in the interval; 0 where there was none.',
  },
  'BlockDeviceTimedStats/queue-depth': {
    level: 'must',
    definition: 'BlockDeviceTimedStats',
    text: 'The average queue depth of an interval is positive where requests took time in it, 0 where there was none.',
  },
  'BlockErrorAction/ignore': {
    level: 'must',
    definition: 'BlockErrorAction',
    text: 'An error that is ignored is not told to the guest; the machine runs on.',
  },
  'BlockErrorAction/report': {
    level: 'must',
    definition: 'BlockErrorAction',
    text: 'An error that is reported is told to the guest; the machine runs on.',
  },
  'BlockErrorAction/stop': {
    level: 'must',
    definition: 'BlockErrorAction',
    text: 'An error that stops the machine is not told to the guest: the request is made again when the machine goes on.',
  },
  'BlockdevOnError/enospc-guest': {
    level: 'must',
    definition: 'BlockdevOnError',
    text: 'With enospc a guest write that lacks space stops the machine; any other error is reported.',
  },
  'DEVICE_DELETED/emitted': {
    level: 'must',
    definition: 'DEVICE_DELETED',
    text: 'It comes when a device that was asked to go is gone, with its id.',
  },
  'RESUME/emitted': {
    level: 'must',
    definition: 'RESUME',
    text: 'It comes when a stopped machine goes on, and not when it runs already.',
  },
  'STOP/emitted': {
    level: 'must',
    definition: 'STOP',
    text: 'It comes when a running machine is stopped, and not when it stands already.',
  },
  'blockdev-mirror/target-of-a-guest': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'A target that is attached to a guest is refused.',
  },
  'query-block/tray-open': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'tray_open is true exactly while the tray is open.',
  },
} as const satisfies Record<string, Requirement>;
