/** Requirements of image creation: x-blockdev-create, and the job that took its place. */
import type { Requirement } from './requirement.ts';

export const imageCreation = {
  'BlockdevQcow2Version/v2': {
    level: 'must',
    definition: 'BlockdevQcow2Version',
    text: 'v2 stands for version 2 of the format.',
  },
  'BlockdevQcow2Version/v3': {
    level: 'must',
    definition: 'BlockdevQcow2Version',
    text: 'v3 stands for version 3 of the format.',
  },
  'PreallocMode/falloc': {
    level: 'must',
    definition: 'PreallocMode',
    text: 'falloc takes the disk space of the whole image, as full does, without having to write it; it reads as zeroes.',
  },
  'PreallocMode/full': {
    level: 'must',
    definition: 'PreallocMode',
    text: 'full takes the disk space of the whole image by writing zeroes, and sets up the metadata of all of it.',
  },
  'PreallocMode/metadata': {
    level: 'must',
    definition: 'PreallocMode',
    text: 'metadata sets up the metadata of the whole image and takes no space for its data.',
  },
  'PreallocMode/off': {
    level: 'must',
    definition: 'PreallocMode',
    text: 'off preallocates nothing.',
  },
  'x-blockdev-create/file-preallocation-default': {
    level: 'must',
    definition: 'BlockdevCreateOptionsFile',
    text: 'preallocation of a file is off by default.',
  },
  'x-blockdev-create/file-preallocation-metadata': {
    level: 'must',
    definition: 'BlockdevCreateOptionsFile',
    text: 'preallocation metadata is refused for a file, which has none.',
  },
  'x-blockdev-create/file-size-too-large': {
    level: 'must',
    definition: 'BlockdevCreateOptionsFile',
    text: 'A size that a file of the host cannot have is refused.',
  },
  'x-blockdev-create/luks-defaults': {
    level: 'must',
    definition: 'QCryptoBlockCreateOptionsLUKS',
    text: 'A volume is by default encrypted with aes-256 in mode xts, vectors plain64 and hash sha256.',
  },
  'x-blockdev-create/luks-iter-time': {
    level: 'must',
    definition: 'QCryptoBlockCreateOptionsLUKS',
    text: 'iter-time is how long it takes to try a passphrase: the more, the more iterations.',
  },
  'x-blockdev-create/luks-options': {
    level: 'must',
    definition: 'QCryptoBlockCreateOptionsLUKS',
    text: 'Cipher, mode, source of vectors and hashes are those that were given, as the header of keys says them.',
  },
  'x-blockdev-create/makes-file': {
    level: 'must',
    definition: 'BlockdevCreateOptionsFile',
    text: 'A file of the given size is there afterwards, all zeroes, whatever was there before.',
  },
  'x-blockdev-create/makes-qcow2': {
    level: 'must',
    definition: 'BlockdevCreateOptionsQcow2',
    text: 'The file holds an empty image afterwards with the size, cluster size and backing file that were given.',
  },
  'x-blockdev-create/nocow': {
    level: 'must',
    definition: 'BlockdevCreateOptionsFile',
    text: 'nocow, off by default, changes nothing but on file systems with copy-on-write.',
  },
  'x-blockdev-create/qcow2-backing-format': {
    level: 'must',
    definition: 'BlockdevCreateOptionsQcow2',
    text: 'backing-fmt is the format of the backing file in the new header.',
  },
  'x-blockdev-create/qcow2-cluster-size': {
    level: 'must',
    definition: 'BlockdevCreateOptionsQcow2',
    text: 'cluster-size, a power of two from 512 bytes to 2 MiB, is the size of clusters, 65536 by default; others are refused.',
  },
  'x-blockdev-create/qcow2-encrypt': {
    level: 'must',
    definition: 'BlockdevCreateOptionsQcow2',
    text: 'encrypt makes an image that is encrypted in the format given, with the secret that was named.',
  },
  'x-blockdev-create/qcow2-lazy-refcounts': {
    level: 'must',
    definition: 'BlockdevCreateOptionsQcow2',
    text: 'lazy-refcounts, off by default, sets the feature of lazy reference counts.',
  },
  'x-blockdev-create/qcow2-preallocation-default': {
    level: 'must',
    definition: 'BlockdevCreateOptionsQcow2',
    text: 'preallocation of an image is off by default.',
  },
  'x-blockdev-create/qcow2-preallocation-with-backing': {
    level: 'must',
    definition: 'BlockdevCreateOptionsQcow2',
    text: 'preallocation together with a backing file is refused.',
  },
  'x-blockdev-create/qcow2-refcount-bits': {
    level: 'must',
    definition: 'BlockdevCreateOptionsQcow2',
    text: 'refcount-bits, a power of two up to 64, is the width of reference counts, 16 by default; others are refused.',
  },
  'x-blockdev-create/qcow2-size': {
    level: 'must',
    definition: 'BlockdevCreateOptionsQcow2',
    text: 'size is the virtual size; what is no multiple of 512, or needs tables that no image can have, is refused.',
  },
  'x-blockdev-create/qcow2-version-2': {
    level: 'must',
    definition: 'BlockdevCreateOptionsQcow2',
    text: 'What came with version 3 (lazy-refcounts, refcount-bits other than 16) is refused in version 2.',
  },
  'x-blockdev-create/qcow2-version-default': {
    level: 'must',
    definition: 'BlockdevCreateOptionsQcow2',
    text: 'version is v3 by default.',
  },
  'x-blockdev-create/refuses': {
    level: 'must',
    definition: 'x-blockdev-create',
    text: 'What the format cannot have is refused, and so is a file that cannot be made.',
  },
  'x-blockdev-create/unsupported': {
    level: 'must',
    definition: 'BlockdevCreateNotSupported',
    text: 'A driver that makes no images refuses to, with GenericError.',
  },
} as const satisfies Record<string, Requirement>;
