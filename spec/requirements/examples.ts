/** Requirements of the examples in the spec's prose: what stands there works as it stands there. */
import type { Requirement } from './requirement.ts';

export const examples = {
  'examples/bitmap-clear': {
    level: 'must',
    definition: 'block-dirty-bitmap-clear',
    text: 'The example that clears bitmap0 of drive0 works as it stands.',
  },
  'examples/bitmap-remove': {
    level: 'must',
    definition: 'block-dirty-bitmap-remove',
    text: 'The example that removes bitmap0 of drive0 works as it stands.',
  },
  'examples/bitmaps': {
    level: 'must',
    definition: 'block-dirty-bitmap-add',
    text: 'The examples that add, clear and remove bitmap0 of drive0 work as they stand.',
  },
  'examples/block-commit': {
    level: 'must',
    definition: 'block-commit',
    text: 'The example that commits /tmp/snap1.qcow2 of virtio0 works as it stands.',
  },
  'examples/block-stream': {
    level: 'must',
    definition: 'block-stream',
    text: 'The example that streams into virtio0 down to /tmp/master.qcow2 works as it stands.',
  },
  'examples/blockdev-add': {
    level: 'must',
    definition: 'blockdev-add',
    text: 'The first example, which opens test.qcow2 as node test1, works as it stands.',
  },
  'examples/blockdev-add-backing': {
    level: 'must',
    definition: 'blockdev-add',
    text: 'The second example, which opens an image past the host cache over a raw backing file, works as it stands.',
  },
  'examples/blockdev-backup': {
    level: 'must',
    definition: 'blockdev-backup',
    text: 'The example that copies the device src-id to the node tgt-id works as it stands.',
  },
  'examples/blockdev-del': {
    level: 'must',
    definition: 'blockdev-del',
    text: 'The example that adds node0 and deletes it works as it stands.',
  },
  'examples/blockdev-mirror': {
    level: 'must',
    definition: 'blockdev-mirror',
    text: 'The example that copies ide-hd0 to the node target0 works as it stands.',
  },
  'examples/change-children': {
    level: 'must',
    definition: 'x-blockdev-change',
    text: 'The examples that add new_node to quorum disk1 and delete its child children.1 work as they stand.',
  },
  'examples/change-medium': {
    level: 'must',
    definition: 'blockdev-change-medium',
    text: 'The first example, which changes the medium of ide0-1-0, works as it stands.',
  },
  'examples/change-medium-read-only': {
    level: 'must',
    definition: 'blockdev-change-medium',
    text: 'The second example, in which a read-only file is refused to a drive until it is asked for as read-only, works as it stands.',
  },
  'examples/close-tray': {
    level: 'must',
    definition: 'blockdev-close-tray',
    text: 'The example that closes the tray of ide0-1-0 works as it stands, its event before the return.',
  },
  'examples/drive-backup': {
    level: 'must',
    definition: 'drive-backup',
    text: 'The example that copies drive0 to backup.img works as it stands.',
  },
  'examples/drive-mirror': {
    level: 'must',
    definition: 'drive-mirror',
    text: 'The example that copies ide-hd0 to a qcow2 file works as it stands.',
  },
  'examples/image-corrupted': {
    level: 'must',
    definition: 'BLOCK_IMAGE_CORRUPTED',
    text: 'The event has the form of its example.',
  },
  'examples/insert-medium': {
    level: 'must',
    definition: 'blockdev-insert-medium',
    text: 'The example that puts node0 into ide0-1-0 works as it stands.',
  },
  'examples/io-error': {
    level: 'must',
    definition: 'BLOCK_IO_ERROR',
    text: 'The event has the form of its example.',
  },
  'examples/job-cancelled': {
    level: 'must',
    definition: 'BLOCK_JOB_CANCELLED',
    text: 'The event has the form of its example.',
  },
  'examples/job-completed': {
    level: 'must',
    definition: 'BLOCK_JOB_COMPLETED',
    text: 'The event has the form of its example.',
  },
  'examples/job-error': {
    level: 'must',
    definition: 'BLOCK_JOB_ERROR',
    text: 'The event has the form of its example.',
  },
  'examples/job-pending': {
    level: 'must',
    definition: 'BLOCK_JOB_PENDING',
    text: 'The event has the form of its example.',
  },
  'examples/job-ready': {
    level: 'must',
    definition: 'BLOCK_JOB_READY',
    text: 'The event has the form of its example.',
  },
  'examples/open-tray': {
    level: 'must',
    definition: 'blockdev-open-tray',
    text: 'The example that opens the tray of ide0-1-0 works as it stands, its event before the return.',
  },
  'examples/query-block': {
    level: 'must',
    definition: 'query-block',
    text: 'Devices as in the example are shown as there.',
  },
  'examples/query-blockstats': {
    level: 'must',
    definition: 'query-blockstats',
    text: 'Devices as in the example are counted as there.',
  },
  'examples/query-named-block-nodes': {
    level: 'must',
    definition: 'query-named-block-nodes',
    text: 'A node as in the example is shown as there.',
  },
  'examples/remove-medium': {
    level: 'must',
    definition: 'blockdev-remove-medium',
    text: 'The example that removes the medium of ide0-1-0, once its tray is open, works as it stands.',
  },
  'examples/resize': {
    level: 'must',
    definition: 'block_resize',
    text: 'The example that gives the device scratch 1 GiB works as it stands.',
  },
  'examples/set-iothread': {
    level: 'must',
    definition: 'x-blockdev-set-iothread',
    text: 'The examples that move disk1 to iothread0 and back work as they stand.',
  },
  'examples/snapshot': {
    level: 'must',
    definition: 'blockdev-snapshot',
    text: 'The example that puts node1534, opened without backing, over ide-hd0 works as it stands.',
  },
  'examples/snapshot-sync': {
    level: 'must',
    definition: 'blockdev-snapshot-sync',
    text: 'The example that makes a qcow2 image over ide-hd0 works as it stands.',
  },
  'examples/threshold': {
    level: 'must',
    definition: 'block-set-write-threshold',
    text: 'The example that sets a threshold of 16 GiB for the node mydev works as it stands.',
  },
  'examples/throttle': {
    level: 'must',
    definition: 'block_set_io_throttle',
    text: 'The first example, which limits the disk of virtio-blk-pci0 to 512 requests a second, works as it stands.',
    contradictedBy: 'block_set_io_throttle/error-10',
  },
  'examples/throttle-bursts': {
    level: 'must',
    definition: 'block_set_io_throttle',
    text: 'The second example, which limits ide0-1-0 to 1 MB a second with bursts, works as it stands.',
  },
} as const satisfies Record<string, Requirement>;
