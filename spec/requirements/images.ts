/** Requirements of the commands that keep snapshots inside images. */
import type { Requirement } from './requirement.ts';

export const images = {
  'SnapshotInfo/date': {
    level: 'must',
    definition: 'SnapshotInfo',
    text: 'date-sec is the UTC date of the snapshot in seconds, date-nsec the fraction in nanoseconds.',
  },
  'SnapshotInfo/vm-clock': {
    level: 'must',
    definition: 'SnapshotInfo',
    text: 'vm-clock-sec is the clock of the VM since its start in seconds, vm-clock-nsec the fraction in nanoseconds.',
  },
  'SnapshotInfo/vm-state-size': {
    level: 'must',
    definition: 'SnapshotInfo',
    text: 'vm-state-size is the size of the VM state, 0 for a snapshot of a disk alone.',
  },
  'blockdev-snapshot-delete-internal-sync/deletes': {
    level: 'must',
    definition: 'blockdev-snapshot-delete-internal-sync',
    text: 'The snapshot is gone afterwards, the others and the data are as before; what is returned tells which it was.',
  },
  'blockdev-snapshot-delete-internal-sync/frees': {
    level: 'must',
    definition: 'blockdev-snapshot-delete-internal-sync',
    text: 'What only the deleted snapshot referred to is free in the image afterwards.',
    source: 'observation',
  },
  'blockdev-snapshot-delete-internal-sync/selects': {
    level: 'must',
    definition: 'blockdev-snapshot-delete-internal-sync',
    text: 'One of id and name is needed, and if both are given both have to fit; a snapshot that is not there is refused.',
  },
  'blockdev-snapshot-internal-sync/in-use': {
    level: 'must',
    definition: 'blockdev-snapshot-internal-sync',
    text: 'An image that a block job holds is refused, and gets no snapshot.',
    source: 'observation',
  },
  'blockdev-snapshot-internal-sync/name': {
    level: 'must',
    definition: 'BlockdevSnapshotInternal',
    text: 'A name that is empty, or that a snapshot of the image has, is refused.',
  },
  'blockdev-snapshot-internal-sync/supported': {
    level: 'must',
    definition: 'blockdev-snapshot-internal-sync',
    text: 'A format that keeps no snapshots is refused, and so is a device that does not exist.',
  },
  'blockdev-snapshot-internal-sync/takes': {
    level: 'must',
    definition: 'blockdev-snapshot-internal-sync',
    text: 'The image has a snapshot of that name afterwards; what the guest reads is as before.',
  },
} as const satisfies Record<string, Requirement>;
