/** Requirements of the query commands and of what they report. */
import type { Requirement } from './requirement.ts';

export const query = {
  'BlockDeviceInfo/bursts': {
    level: 'must',
    definition: 'BlockDeviceInfo',
    text: 'The members for bursts and iops_size are the limits in force for bursts, their lengths and the size that counts as one operation.',
  },
  'BlockDeviceInfo/group': {
    level: 'must',
    definition: 'BlockDeviceInfo',
    text: 'group is the throttle group that limits the device; absent without one.',
  },
  'BlockJobType/names': {
    level: 'must',
    definition: 'BlockJobType',
    text: 'The type of a job is commit, stream, mirror or backup, as the command that started it.',
  },
  'BlockStats/backing': {
    level: 'must',
    definition: 'BlockStats',
    text: 'backing holds the statistics of the backing image, if there is one.',
  },
  'BlockStats/device': {
    level: 'must',
    definition: 'BlockStats',
    text: 'device is the name of the device that the statistics are of; absent for a node.',
  },
  'BlockStats/node-name': {
    level: 'must',
    definition: 'BlockStats',
    text: 'node-name is the name of the node that the statistics are of.',
  },
  'query-block-jobs/busy-and-paused': {
    level: 'must',
    definition: 'BlockJobInfo',
    text: 'A paused job that still is busy pauses as soon as it can.',
  },
  'query-block-jobs/job-id': {
    level: 'must',
    definition: 'BlockJobInfo',
    text: 'device holds the id of the job.',
  },
  'query-block-jobs/lists-jobs': {
    level: 'must',
    definition: 'query-block-jobs',
    text: 'The list has an entry for every block job that is active and no other; without jobs it is empty.',
  },
  'query-block-jobs/progress': {
    level: 'must',
    definition: 'BlockJobInfo',
    text: 'offset never exceeds len.',
  },
  'query-block-jobs/quiescent-when-not-busy': {
    level: 'must',
    definition: 'BlockJobInfo',
    text: 'A job that is not busy has no I/O under way.',
  },
  'query-block-jobs/ready': {
    level: 'must',
    definition: 'BlockJobInfo',
    text: 'ready is true from when the job can be completed on, also while it is paused, and false before.',
  },
  'query-block-jobs/speed': {
    level: 'must',
    definition: 'BlockJobInfo',
    text: 'speed is the limit in bytes each second that was set last.',
  },
  'query-block-jobs/status-visible': {
    level: 'must',
    definition: 'BlockJobStatus',
    text: 'No job is ever shown with status undefined or null.',
  },
  'query-block/bitmap-count': {
    level: 'must',
    definition: 'BlockDirtyInfo',
    text: 'count is the number of bytes, not of bits or sectors, that the bitmap marks.',
  },
  'query-block/bitmap-frozen-no-backup': {
    level: 'must',
    definition: 'DirtyBitmapStatus',
    text: 'A frozen bitmap cannot be used by a second backup.',
  },
  'query-block/bitmap-name': {
    level: 'must',
    definition: 'BlockDirtyInfo',
    text: 'A bitmap that has no name, such as that of a mirror, is listed without name.',
  },
  'query-block/bitmap-status-active': {
    level: 'must',
    definition: 'DirtyBitmapStatus',
    text: 'active: the bitmap records what is written; clearing it, deleting it and backing up from it are all allowed.',
  },
  'query-block/bitmap-status-disabled': {
    level: 'must',
    definition: 'DirtyBitmapStatus',
    text: 'disabled: the bitmap is read-only for the time being but can be deleted.',
  },
  'query-block/bitmap-status-frozen': {
    level: 'must',
    definition: 'DirtyBitmapStatus',
    text: 'frozen: a job or backup has the bitmap, and it cannot be changed.',
  },
  'query-block/bitmap-status-locked': {
    level: 'must',
    definition: 'DirtyBitmapStatus',
    text: 'locked: the bitmap can be neither cleared nor deleted nor used for a backup.',
    since: '2.12',
  },
  'query-block/device': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'device is the name of the device, empty where it has none.',
  },
  'query-block/dirty-bitmaps': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'dirty-bitmaps is present only if there are any; it lists each with name, count in bytes, granularity and status.',
  },
  'query-block/every-device': {
    level: 'must',
    definition: 'query-block',
    text: 'The list has one entry for each virtual block device, also for one without medium.',
  },
  'query-block/implicit-filters-skipped': {
    level: 'must',
    definition: 'query-block',
    text: 'Filter nodes that a job put in by itself are not shown as inserted: the node below is.',
  },
  'query-block/inserted': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'inserted is present exactly when there is a medium, and describes it.',
  },
  'query-block/io-status': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'io-status is present only if the device model supports it and errors may stop the machine.',
  },
  'query-block/locked': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'locked is true exactly while the guest keeps the medium from being taken out.',
  },
  'query-block/qdev': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'qdev is the id of the guest device or, where it has none, its QOM path; absent without guest device.',
  },
  'query-block/removable': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'removable is true exactly for devices whose medium can be exchanged.',
  },
  'query-block/tray': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'tray_open is present only for a device with a tray.',
  },
  'query-block/type-unknown': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'type always is the string unknown.',
  },
  'query-blockstats/account-flags': {
    level: 'must',
    definition: 'BlockDeviceStats',
    text: 'account_invalid and account_failed tell whether invalid and failed requests count for the time since the latest access, the latter for latencies too.',
  },
  'query-blockstats/backends': {
    level: 'must',
    definition: 'query-blockstats',
    text: 'Without query-nodes, or with false, there is one entry for each device, with parent and backing below it.',
  },
  'query-blockstats/counts': {
    level: 'must',
    definition: 'BlockDeviceStats',
    text: 'Byte and operation counters grow by what the device has read and written.',
  },
  'query-blockstats/failed-and-invalid': {
    level: 'must',
    definition: 'BlockDeviceStats',
    text: 'Failed and invalid requests have counters of their own, by kind of request.',
  },
  'query-blockstats/highest-offset': {
    level: 'must',
    definition: 'BlockDeviceStats',
    text: 'wr_highest_offset is the end of the furthest write so far, 0 without any.',
  },
  'query-blockstats/idle-time': {
    level: 'must',
    definition: 'BlockDeviceStats',
    text: 'idle_time_ns is absent until there was an operation.',
  },
  'query-blockstats/implicit-filters-skipped': {
    level: 'must',
    definition: 'query-blockstats',
    text: 'Without query-nodes, filters that a job put in by itself are passed over.',
  },
  'query-blockstats/merged': {
    level: 'must',
    definition: 'BlockDeviceStats',
    text: 'Requests that were merged into others are counted in rd_merged and wr_merged.',
  },
  'query-blockstats/nodes': {
    level: 'must',
    definition: 'query-blockstats',
    text: 'With query-nodes there is one entry for each node that has a name, with parent but without backing.',
  },
  'query-blockstats/parent': {
    level: 'must',
    definition: 'BlockStats',
    text: 'parent holds the statistics of the node that carries the data, recursively; it is left out where there is none.',
  },
  'query-blockstats/timed-stats': {
    level: 'must',
    definition: 'BlockDeviceStats',
    text: 'timed_stats has an entry for every interval that was set up for the device, and is empty otherwise.',
  },
  'query-named-block-nodes/backing-depth': {
    level: 'must',
    definition: 'BlockDeviceInfo',
    text: 'backing_file_depth is the number of images below in the backing chain.',
  },
  'query-named-block-nodes/backing-file': {
    level: 'must',
    definition: 'BlockDeviceInfo',
    text: 'backing_file is present only for a node with a backing image.',
  },
  'query-named-block-nodes/backing-file-name': {
    level: 'must',
    definition: 'BlockDeviceInfo',
    text: 'backing_file is the name of the backing file.',
  },
  'query-named-block-nodes/cache': {
    level: 'must',
    definition: 'BlockDeviceInfo',
    text: 'cache tells the cache mode that is in effect: writeback, direct, no-flush.',
  },
  'query-named-block-nodes/detect-zeroes': {
    level: 'must',
    definition: 'BlockDeviceInfo',
    text: 'detect_zeroes is the mode in force.',
  },
  'query-named-block-nodes/encrypted': {
    level: 'must',
    definition: 'BlockDeviceInfo',
    text: 'encrypted is true exactly when the image is encrypted.',
  },
  'query-named-block-nodes/encryption-key-missing': {
    level: 'must',
    definition: 'BlockDeviceInfo',
    text: 'encryption_key_missing is always false.',
  },
  'query-named-block-nodes/file-and-driver': {
    level: 'must',
    definition: 'BlockDeviceInfo',
    text: 'file is the filename of the node and drv the driver it was opened with.',
  },
  'query-named-block-nodes/image': {
    level: 'must',
    definition: 'ImageInfo',
    text: 'image describes the image: filename, format, virtual-size in bytes, and what the format adds.',
  },
  'query-named-block-nodes/json-name': {
    level: 'should',
    definition: 'BlockDeviceInfo',
    text: 'file and filename of a node whose options no plain name can tell are json: and these options.',
    source: 'observation',
  },
  'query-named-block-nodes/limits': {
    level: 'must',
    definition: 'BlockDeviceInfo',
    text: 'A node without I/O limits shows bps, iops and their read and write parts as 0.',
  },
  'query-named-block-nodes/lists-nodes': {
    level: 'must',
    definition: 'query-named-block-nodes',
    text: 'The list has one entry for each node with a node-name, children included, and no other.',
  },
  'query-named-block-nodes/null-name': {
    level: 'should',
    definition: 'BlockDeviceInfo',
    text: 'file and filename of a null-co node without options are null-co://.',
    source: 'observation',
  },
  'query-named-block-nodes/read-only': {
    level: 'must',
    definition: 'BlockDeviceInfo',
    text: 'ro is true exactly when the node was opened read-only.',
  },
  'query-named-block-nodes/write-threshold': {
    level: 'must',
    definition: 'BlockDeviceInfo',
    text: 'write_threshold is the threshold in force, 0 when there is none.',
  },
} as const satisfies Record<string, Requirement>;
