/** Requirements of the commands that change the graph under its users: snapshots, backing names, quorum children, I/O threads. */
import type { Requirement } from './requirement.ts';

export const graphChanges = {
  'NewImageMode/absolute-paths': {
    level: 'must',
    definition: 'NewImageMode',
    text: 'With absolute-paths the header of the new image names the backing file by its absolute path.',
  },
  'NewImageMode/no-backing': {
    level: 'must',
    definition: 'NewImageMode',
    text: 'With absolute-paths a new image that is to be above what has no backing file has none either.',
  },
  'blockdev-snapshot-sync/both-names': {
    level: 'must',
    definition: 'BlockdevSnapshotSync',
    text: 'device and node-name together are refused.',
    contradictedBy: 'blockdev-snapshot-sync/errors',
  },
  'blockdev-snapshot-sync/by-node-name': {
    level: 'must',
    definition: 'BlockdevSnapshotSync',
    text: 'node-name is the node that the snapshot is of; the new image is put on that node, and its users follow.',
  },
  'blockdev-snapshot-sync/creates-overlay': {
    level: 'must',
    definition: 'blockdev-snapshot-sync',
    text: 'A new image is made over the present one, in qcow2 unless format says otherwise, and the device uses it.',
  },
  'blockdev-snapshot-sync/device-unknown': {
    level: 'must',
    definition: 'blockdev-snapshot-sync',
    text: 'A device that does not exist is refused with class DeviceNotFound.',
    contradictedBy: 'blockdev-snapshot-sync/errors',
  },
  'blockdev-snapshot-sync/device-unknown-refused': {
    level: 'must',
    definition: 'blockdev-snapshot-sync',
    text: 'A device that does not exist is refused.',
  },
  'blockdev-snapshot-sync/existing': {
    level: 'must',
    definition: 'NewImageMode',
    text: 'With mode existing the image that is there is used; a file that is not there is refused.',
  },
  'blockdev-snapshot-sync/existing-file': {
    level: 'must',
    definition: 'BlockdevSnapshotSync',
    text: 'A snapshot-file that exists is used: the snapshot is made in that file.',
  },
  'blockdev-snapshot-sync/format': {
    level: 'must',
    definition: 'BlockdevSnapshotSync',
    text: 'format is the format of the new image; one that keeps no backing file is refused.',
  },
  'blockdev-snapshot-sync/keeps-old': {
    level: 'must',
    definition: 'blockdev-snapshot-sync',
    text: 'From the snapshot on the old image stays as it is: what is written goes to the new one.',
  },
  'blockdev-snapshot-sync/one-name': {
    level: 'must',
    definition: 'BlockdevSnapshotSync',
    text: 'Without device and node-name the command is refused.',
  },
  'blockdev-snapshot-sync/snapshot-node-name': {
    level: 'must',
    definition: 'BlockdevSnapshotSync',
    text: 'snapshot-node-name is the name of the new node; one that is taken or malformed is refused.',
  },
  'blockdev-snapshot/device-follows': {
    level: 'must',
    definition: 'blockdev-snapshot',
    text: 'A device that used the node uses the overlay afterwards.',
  },
  'blockdev-snapshot/installs-backing': {
    level: 'must',
    definition: 'blockdev-snapshot',
    text: 'After success the node is the backing node of the overlay.',
  },
  'blockdev-snapshot/keeps-old': {
    level: 'must',
    definition: 'blockdev-snapshot',
    text: 'From the snapshot on the old image stays as it is: what is written goes to the overlay.',
  },
  'blockdev-snapshot/no-loop': {
    level: 'must',
    definition: 'blockdev-snapshot',
    text: 'An overlay that is in the backing chain of the node is refused.',
    source: 'observation',
  },
  'blockdev-snapshot/node-or-device': {
    level: 'must',
    definition: 'BlockdevSnapshot',
    text: 'node is the name of a device or of a node.',
  },
  'blockdev-snapshot/node-unknown': {
    level: 'must',
    definition: 'blockdev-snapshot',
    text: 'A node or overlay that does not exist is refused.',
  },
  'blockdev-snapshot/overlay-has-backing': {
    level: 'must',
    definition: 'BlockdevSnapshot',
    text: 'An overlay that has a backing image already is refused.',
  },
  'change-backing-file/by-device': {
    level: 'must',
    definition: 'change-backing-file',
    text: 'device is the name of a device, or of the root node that owns the image.',
  },
  'change-backing-file/device-unknown': {
    level: 'must',
    definition: 'change-backing-file',
    text: 'A device that does not exist is refused with class DeviceNotFound.',
    contradictedBy: 'qemu-7.2/change-backing-file',
  },
  'change-backing-file/device-unknown-refused': {
    level: 'must',
    definition: 'change-backing-file',
    text: 'A device that does not exist is refused.',
  },
  'change-backing-file/in-chain': {
    level: 'must',
    definition: 'change-backing-file',
    text: 'An image-node-name that is not in the chain of device, or has no backing file, is refused.',
  },
  'change-backing-file/in-use': {
    level: 'must',
    definition: 'change-backing-file',
    text: 'An image that a block job holds is refused, and keeps the name in its header.',
    source: 'observation',
  },
  'change-backing-file/internal-strings': {
    level: 'must',
    definition: 'change-backing-file',
    text: 'What the queries tell as the name of the backing file is the new one at once.',
  },
  'change-backing-file/no-reopen': {
    level: 'must',
    definition: 'change-backing-file',
    text: 'The backing node stays the same; only the name changes.',
  },
  'change-backing-file/reopens': {
    level: 'must',
    definition: 'change-backing-file',
    text: 'A read-only image is made writable for the change, and is read-only again.',
  },
  'change-backing-file/root-only': {
    level: 'must',
    definition: 'change-backing-file',
    text: 'A device that names a node with a parent is refused.',
  },
  'change-backing-file/writes-header': {
    level: 'must',
    definition: 'change-backing-file',
    text: 'The string is written into the header of the image as given, unseen.',
  },
  'x-blockdev-change/adds': {
    level: 'must',
    definition: 'x-blockdev-change',
    text: 'With node, a quorum gets that node as one more child.',
  },
  'x-blockdev-change/child-and-node': {
    level: 'must',
    definition: 'x-blockdev-change',
    text: 'child and node together, or neither, are refused.',
  },
  'x-blockdev-change/keeps-threshold': {
    level: 'must',
    definition: 'x-blockdev-change',
    text: 'A child is not detached where fewer than vote-threshold would be left.',
    source: 'observation',
  },
  'x-blockdev-change/leaves-gap': {
    level: 'must',
    definition: 'x-blockdev-change',
    text: 'A child that is taken out leaves a gap in the names of the others, which keep theirs.',
  },
  'x-blockdev-change/parent-name': {
    level: 'must',
    definition: 'x-blockdev-change',
    text: 'parent is the id of a device, or the name of a node.',
  },
  'x-blockdev-change/quorum-only': {
    level: 'must',
    definition: 'x-blockdev-change',
    text: 'A parent of another driver is refused.',
  },
  'x-blockdev-change/removes': {
    level: 'must',
    definition: 'x-blockdev-change',
    text: 'With child, that child of the quorum is detached, and is free if the quorum alone used it.',
  },
  'x-blockdev-change/unknown': {
    level: 'must',
    definition: 'x-blockdev-change',
    text: 'A parent, child or node that does not exist is refused.',
  },
  'x-blockdev-set-iothread/force': {
    level: 'must',
    definition: 'x-blockdev-set-iothread',
    text: 'With force a node that a BlockBackend uses moves all the same.',
  },
  'x-blockdev-set-iothread/keeps-serving': {
    level: 'must',
    definition: 'x-blockdev-set-iothread',
    text: 'A node is read and written as before once it was moved.',
  },
  'x-blockdev-set-iothread/moves': {
    level: 'must',
    definition: 'x-blockdev-set-iothread',
    text: 'A node without a BlockBackend moves to the thread of that id, and to the main loop with null.',
  },
  'x-blockdev-set-iothread/needs-force': {
    level: 'must',
    definition: 'x-blockdev-set-iothread',
    text: 'A node that a BlockBackend uses is refused unless force is set.',
  },
  'x-blockdev-set-iothread/unknown': {
    level: 'must',
    definition: 'x-blockdev-set-iothread',
    text: 'A node or thread that does not exist is refused.',
  },
} as const satisfies Record<string, Requirement>;
