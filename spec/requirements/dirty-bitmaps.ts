/** Requirements of the dirty bitmap commands: add, remove, clear and the digest. */
import type { Requirement } from './requirement.ts';

export const dirtyBitmaps = {
  'block-dirty-bitmap-add/autoload-ignored': {
    level: 'must',
    definition: 'BlockDirtyBitmapAdd',
    text: 'autoload is accepted and has no effect.',
  },
  'block-dirty-bitmap-add/creates': {
    level: 'must',
    definition: 'block-dirty-bitmap-add',
    text: 'After success the node has a bitmap of that name, active and with nothing dirty.',
  },
  'block-dirty-bitmap-add/follows-size': {
    level: 'must',
    definition: 'block-dirty-bitmap-add',
    text: 'A bitmap follows the size of its node: what is cut off is forgotten, and what is gained is clean until it is written.',
    source: 'observation',
  },
  'block-dirty-bitmap-add/granularity': {
    level: 'must',
    definition: 'BlockDirtyBitmapAdd',
    text: 'A granularity that was given is the granularity that the bitmap reports, in bytes.',
  },
  'block-dirty-bitmap-add/granularity-default': {
    level: 'must',
    definition: 'BlockDirtyBitmapAdd',
    text: 'Without granularity the bitmap has one of 64 KiB.',
  },
  'block-dirty-bitmap-add/granularity-default-clusters': {
    level: 'must',
    definition: 'BlockDirtyBitmapAdd',
    text: 'On an image with clusters the default granularity is the size of a cluster, but at least 4 KiB and at most 64 KiB.',
    source: 'observation',
  },
  'block-dirty-bitmap-add/granularity-invalid': {
    level: 'must',
    definition: 'BlockDirtyBitmapAdd',
    text: 'A granularity that is no power of two, or below 512, is refused.',
  },
  'block-dirty-bitmap-add/granularity-largest': {
    level: 'should',
    definition: 'BlockDirtyBitmapAdd',
    text: '2 GiB is the largest granularity.',
    source: 'observation',
  },
  'block-dirty-bitmap-add/in-use-not-trusted': {
    level: 'must',
    definition: 'BlockDirtyBitmapAdd',
    text: 'A stored bitmap that is marked as in use, since nobody closed the image, is used for nothing but to be removed.',
    source: 'observation',
  },
  'block-dirty-bitmap-add/name-empty': {
    level: 'must',
    definition: 'BlockDirtyBitmapAdd',
    text: 'An empty bitmap name is refused.',
  },
  'block-dirty-bitmap-add/name-per-node': {
    level: 'must',
    definition: 'BlockDirtyBitmapAdd',
    text: 'Bitmap names are per node: two nodes may each have one of the same name.',
  },
  'block-dirty-bitmap-add/name-taken': {
    level: 'must',
    definition: 'block-dirty-bitmap-add',
    text: 'A name that a bitmap of this node already has is refused with GenericError, and the old bitmap stays as it was.',
  },
  'block-dirty-bitmap-add/node-or-device': {
    level: 'must',
    definition: 'BlockDirtyBitmapAdd',
    text: 'node takes the name of a node or of a device.',
  },
  'block-dirty-bitmap-add/node-unknown': {
    level: 'must',
    definition: 'block-dirty-bitmap-add',
    text: 'A node that does not exist is refused with class DeviceNotFound.',
    contradictedBy: 'random/r01210',
  },
  'block-dirty-bitmap-add/node-unknown-refused': {
    level: 'must',
    definition: 'block-dirty-bitmap-add',
    text: 'A node that does not exist is refused.',
  },
  'block-dirty-bitmap-add/persistent-content': {
    level: 'must',
    definition: 'BlockDirtyBitmapAdd',
    text: 'A persistent bitmap that is opened again marks what it marked, in the same granularity.',
  },
  'block-dirty-bitmap-add/persistent-default': {
    level: 'must',
    definition: 'BlockDirtyBitmapAdd',
    text: 'A bitmap is not persistent unless this is asked for: it is gone after the image was closed.',
  },
  'block-dirty-bitmap-add/persistent-kept': {
    level: 'must',
    definition: 'BlockDirtyBitmapAdd',
    text: 'A persistent bitmap is written to the image when that is closed and is there when it is opened again.',
  },
  'block-dirty-bitmap-add/persistent-name-length': {
    level: 'must',
    definition: 'BlockDirtyBitmapAdd',
    text: 'The name of a persistent bitmap has at most 1023 bytes; a longer one is refused.',
    source: 'observation',
  },
  'block-dirty-bitmap-add/persistent-needs-format': {
    level: 'must',
    definition: 'BlockDirtyBitmapAdd',
    text: 'A persistent bitmap on a node whose format cannot store one is refused.',
  },
  'block-dirty-bitmap-add/tracks-writes': {
    level: 'must',
    definition: 'block-dirty-bitmap-add',
    text: 'From then on each write marks as dirty every granule that it touches, and count gives their bytes.',
  },
  'block-dirty-bitmap-clear/again-tracks': {
    level: 'must',
    definition: 'block-dirty-bitmap-clear',
    text: 'A cleared bitmap goes on recording: what is written later is dirty again.',
  },
  'block-dirty-bitmap-clear/backup-from-then': {
    level: 'must',
    definition: 'block-dirty-bitmap-clear',
    text: 'An incremental backup after clearing copies only what was written since.',
  },
  'block-dirty-bitmap-clear/clears': {
    level: 'must',
    definition: 'block-dirty-bitmap-clear',
    text: 'After success nothing is dirty; name, granularity and other bitmaps are unchanged.',
  },
  'block-dirty-bitmap-clear/frozen': {
    level: 'must',
    definition: 'DirtyBitmapStatus',
    text: 'A frozen bitmap cannot be cleared.',
  },
  'block-dirty-bitmap-clear/name-unknown': {
    level: 'must',
    definition: 'block-dirty-bitmap-clear',
    text: 'A bitmap that the node does not have is refused with GenericError.',
  },
  'block-dirty-bitmap-clear/node-or-device': {
    level: 'must',
    definition: 'BlockDirtyBitmap',
    text: 'node takes the name of a node or of a device when a bitmap is cleared or removed, and for its digest.',
  },
  'block-dirty-bitmap-clear/node-unknown': {
    level: 'must',
    definition: 'block-dirty-bitmap-clear',
    text: 'A node that does not exist is refused with class DeviceNotFound.',
    contradictedBy: 'random/r01237',
  },
  'block-dirty-bitmap-clear/node-unknown-refused': {
    level: 'must',
    definition: 'block-dirty-bitmap-clear',
    text: 'A node that does not exist is refused.',
  },
  'block-dirty-bitmap-clear/read-only': {
    level: 'must',
    definition: 'block-dirty-bitmap-clear',
    text: 'A stored bitmap of an image that is open read-only can be neither cleared nor removed.',
    source: 'observation',
  },
  'block-dirty-bitmap-remove/frozen': {
    level: 'must',
    definition: 'block-dirty-bitmap-remove',
    text: 'A bitmap that an operation has frozen cannot be removed: GenericError.',
  },
  'block-dirty-bitmap-remove/name-unknown': {
    level: 'must',
    definition: 'block-dirty-bitmap-remove',
    text: 'A bitmap that the node does not have is refused with GenericError.',
  },
  'block-dirty-bitmap-remove/node-unknown': {
    level: 'must',
    definition: 'block-dirty-bitmap-remove',
    text: 'A node that does not exist is refused with class DeviceNotFound.',
    contradictedBy: 'block-dirty-bitmap-remove/errors',
  },
  'block-dirty-bitmap-remove/node-unknown-refused': {
    level: 'must',
    definition: 'block-dirty-bitmap-remove',
    text: 'A node that does not exist is refused.',
  },
  'block-dirty-bitmap-remove/removes': {
    level: 'must',
    definition: 'block-dirty-bitmap-remove',
    text: 'After success the node no longer has the bitmap, and its name is free.',
  },
  'block-dirty-bitmap-remove/storage-too': {
    level: 'must',
    definition: 'block-dirty-bitmap-remove',
    text: 'Removing a persistent bitmap removes it from the image as well.',
  },
  'x-debug-block-dirty-bitmap-sha256/digest': {
    level: 'must',
    definition: 'x-debug-block-dirty-bitmap-sha256',
    text: 'The digest is 64 hexadecimal digits in lower case.',
  },
  'x-debug-block-dirty-bitmap-sha256/equal-content': {
    level: 'must',
    definition: 'x-debug-block-dirty-bitmap-sha256',
    text: 'Bitmaps of the same size, granularity and content have the same digest; a change of content changes it.',
  },
  'x-debug-block-dirty-bitmap-sha256/hashed-bits': {
    level: 'should',
    definition: 'BlockDirtyBitmapSha256',
    text: 'Hashed is one bit a granule, that of the first granule the lowest, in words of 64 bits whose lowest byte comes first.',
    source: 'observation',
  },
  'x-debug-block-dirty-bitmap-sha256/name-unknown': {
    level: 'must',
    definition: 'x-debug-block-dirty-bitmap-sha256',
    text: 'A bitmap that the node does not have is refused with GenericError.',
  },
  'x-debug-block-dirty-bitmap-sha256/node-unknown': {
    level: 'must',
    definition: 'x-debug-block-dirty-bitmap-sha256',
    text: 'A node that does not exist is refused with class DeviceNotFound.',
    contradictedBy: 'x-debug-block-dirty-bitmap-sha256/errors',
  },
  'x-debug-block-dirty-bitmap-sha256/node-unknown-refused': {
    level: 'must',
    definition: 'x-debug-block-dirty-bitmap-sha256',
    text: 'A node that does not exist is refused.',
  },
} as const satisfies Record<string, Requirement>;
