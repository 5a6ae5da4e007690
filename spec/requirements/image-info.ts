/** Requirements of what queries tell of images. */
import type { Requirement } from './requirement.ts';

export const imageInfo = {
  'ImageInfo/actual-size': {
    level: 'must',
    definition: 'ImageInfo',
    text: 'actual-size is the space that the image takes on disk, in bytes.',
  },
  'ImageInfo/backing-filename': {
    level: 'must',
    definition: 'ImageInfo',
    text: 'backing-filename is the name of the backing file as the image has it.',
  },
  'ImageInfo/backing-filename-format': {
    level: 'must',
    definition: 'ImageInfo',
    text: 'backing-filename-format is the format of the backing file.',
  },
  'ImageInfo/backing-image': {
    level: 'must',
    definition: 'ImageInfo',
    text: 'backing-image describes the backing image, and so on downwards.',
  },
  'ImageInfo/compressed': {
    level: 'must',
    definition: 'ImageInfo',
    text: 'compressed is true of a compressed image.',
  },
  'ImageInfo/dirty-flag': {
    level: 'must',
    definition: 'ImageInfo',
    text: 'dirty-flag is true of an image that was not cleanly closed.',
  },
  'ImageInfo/encrypted': {
    level: 'must',
    definition: 'ImageInfo',
    text: 'encrypted is true of an encrypted image.',
  },
  'ImageInfo/format-specific': {
    level: 'must',
    definition: 'ImageInfo',
    text: 'format-specific is there for formats that have something of their own to tell.',
  },
  'ImageInfo/full-backing-filename': {
    level: 'must',
    definition: 'ImageInfo',
    text: 'full-backing-filename is the full path of the backing file.',
  },
  'ImageInfo/virtual-size': {
    level: 'must',
    definition: 'ImageInfo',
    text: 'virtual-size is the most bytes that the image can hold for its user.',
  },
  'ImageInfoSpecific/type': {
    level: 'must',
    definition: 'ImageInfoSpecific',
    text: 'The type is the format of the image, the data its structure.',
  },
  'ImageInfoSpecificQCow2/compat': {
    level: 'must',
    definition: 'ImageInfoSpecificQCow2',
    text: 'compat is the compatibility level: 0.10 for version 2, 1.1 for version 3.',
  },
  'ImageInfoSpecificQCow2/corrupt': {
    level: 'must',
    definition: 'ImageInfoSpecificQCow2',
    text: 'corrupt tells, from level 1.1 on, whether the image was marked as corrupt.',
  },
  'ImageInfoSpecificQCow2/encrypt': {
    level: 'must',
    definition: 'ImageInfoSpecificQCow2',
    text: 'encrypt is there exactly for encrypted images.',
  },
  'ImageInfoSpecificQCow2/lazy-refcounts': {
    level: 'must',
    definition: 'ImageInfoSpecificQCow2',
    text: 'lazy-refcounts tells, from level 1.1 on, whether the image has the feature.',
  },
  'ImageInfoSpecificQCow2/refcount-bits': {
    level: 'must',
    definition: 'ImageInfoSpecificQCow2',
    text: 'refcount-bits is the width of a reference count.',
  },
  'ImageInfoSpecificQCow2Encryption/luks': {
    level: 'must',
    definition: 'ImageInfoSpecificQCow2Encryption',
    text: 'For luks the description is that of the header with the keys.',
  },
  'ImageInfoSpecificQCow2EncryptionBase/format': {
    level: 'must',
    definition: 'ImageInfoSpecificQCow2EncryptionBase',
    text: 'format is the format of the encryption.',
  },
  'ImageInfoSpecificVmdk/members': {
    level: 'must',
    definition: 'ImageInfoSpecificVmdk',
    text: 'create-type, cid, parent-cid and extents are those of the descriptor.',
  },
} as const satisfies Record<string, Requirement>;
