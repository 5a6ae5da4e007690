/** Requirements of the drivers for replication, for formats of others and for directories. */
import type { Requirement } from './requirement.ts';

export const otherDrivers = {
  'formats/content': {
    level: 'must',
    definition: 'BlockdevOptionsGenericFormat',
    text: 'A node over an image of a format has its virtual size and its data, and what is written is in the image.',
  },
  'formats/garbage': {
    level: 'must',
    definition: 'BlockdevOptionsGenericFormat',
    text: 'A file that is no image of the format is refused.',
    source: 'observation',
  },
  'formats/made': {
    level: 'must',
    definition: 'DriveBackup',
    text: 'A copy to a new image of a format makes one of that format and of the size of the disk.',
  },
  'formats/read-only': {
    level: 'must',
    definition: 'BlockdevOptionsGenericFormat',
    text: 'Images of the formats bochs, cloop and dmg cannot be written.',
    source: 'observation',
  },
  'formats/unclean': {
    level: 'must',
    definition: 'BlockdevOptionsGenericFormat',
    text: 'An image that its format marks as not closed is checked when it is opened to be written, or cannot be written.',
    source: 'observation',
  },
  'qcow/encrypt-aes': {
    level: 'must',
    definition: 'BlockdevQcowEncryption',
    text: 'With format aes and the secret in key-secret an encrypted image is read and written in the clear.',
    contradictedBy: 'blockdev-add/qcow-encrypt',
  },
  'qcow/encrypt-mandatory': {
    level: 'must',
    definition: 'BlockdevOptionsQcow',
    text: 'An encrypted image is refused without encrypt.',
  },
  'replication/not-started': {
    level: 'must',
    definition: 'BlockdevOptionsReplication',
    text: 'Until replication is started, reads and writes fail.',
    source: 'observation',
  },
  'replication/top-id-primary': {
    level: 'must',
    definition: 'BlockdevOptionsReplication',
    text: 'top-id must not be given in primary mode.',
  },
  'replication/top-id-secondary': {
    level: 'must',
    definition: 'BlockdevOptionsReplication',
    text: 'top-id is needed in secondary mode.',
  },
  'vvfat/dir': {
    level: 'must',
    definition: 'BlockdevOptionsVVFAT',
    text: 'dir is the directory that is shown as a FAT image: its files are in there.',
  },
  'vvfat/fat-type': {
    level: 'must',
    definition: 'BlockdevOptionsVVFAT',
    text: 'fat-type is 12, 16 or 32.',
  },
  'vvfat/floppy': {
    level: 'must',
    definition: 'BlockdevOptionsVVFAT',
    text: 'floppy gives an image of a floppy; without it that of a disk with a partition.',
  },
  'vvfat/label': {
    level: 'must',
    definition: 'BlockdevOptionsVVFAT',
    text: 'label is the volume label, of at most 11 bytes.',
  },
  'vvfat/label-default': {
    level: 'must',
    definition: 'BlockdevOptionsVVFAT',
    text: 'label is QEMU VVFAT by default.',
  },
  'vvfat/names': {
    level: 'should',
    definition: 'BlockdevOptionsVVFAT',
    text: 'The file name fat:WORDS:DIR stands for the options of the same meaning, and counts beside others.',
    source: 'observation',
  },
  'vvfat/rw': {
    level: 'must',
    definition: 'BlockdevOptionsVVFAT',
    text: 'With rw the files of the directory are written.',
  },
  'vvfat/rw-default': {
    level: 'must',
    definition: 'BlockdevOptionsVVFAT',
    text: 'rw, false by default, is whether writes are allowed.',
  },
} as const satisfies Record<string, Requirement>;
