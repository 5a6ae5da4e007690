/** Requirements of the options that qcow2 and luks have of their own. */
import type { Requirement } from './requirement.ts';

export const qcow2 = {
  'Qcow2OverlapCheckFlags/flags': {
    level: 'must',
    definition: 'Qcow2OverlapCheckFlags',
    text: 'A flag that is true guards its structure and one that is false does not, whatever the template says.',
  },
  'Qcow2OverlapCheckFlags/template-default': {
    level: 'must',
    definition: 'Qcow2OverlapCheckFlags',
    text: 'Without template the flags that are not given are those of cached.',
  },
  'Qcow2OverlapCheckMode/all': {
    level: 'must',
    definition: 'Qcow2OverlapCheckMode',
    text: 'all makes every check.',
  },
  'Qcow2OverlapCheckMode/cached': {
    level: 'must',
    definition: 'Qcow2OverlapCheckMode',
    text: 'cached makes the checks that need no reading from disk.',
  },
  'Qcow2OverlapCheckMode/constant': {
    level: 'must',
    definition: 'Qcow2OverlapCheckMode',
    text: 'constant makes the checks that take constant time and no reading.',
  },
  'Qcow2OverlapCheckMode/none': {
    level: 'must',
    definition: 'Qcow2OverlapCheckMode',
    text: 'none makes no check.',
  },
  'Qcow2OverlapChecks/flags': {
    level: 'must',
    definition: 'Qcow2OverlapChecks',
    text: 'overlap-check may be a set of flags.',
  },
  'Qcow2OverlapChecks/mode': {
    level: 'must',
    definition: 'Qcow2OverlapChecks',
    text: 'overlap-check may be the name of a mode.',
  },
  'luks/key-secret': {
    level: 'must',
    definition: 'BlockdevOptionsLUKS',
    text: 'key-secret names the secret with which the volume is opened; one that is not there or does not fit is refused.',
  },
  'luks/key-secret-mandatory': {
    level: 'must',
    definition: 'BlockdevOptionsLUKS',
    text: 'Without key-secret the volume is not opened.',
  },
  'qcow2/bitmap-in-use': {
    level: 'must',
    definition: 'BlockDirtyBitmapAdd',
    text: 'A persistent bitmap is marked in the image as in use while a node may change it, and not after.',
    source: 'observation',
  },
  'qcow2/cache-clean-interval': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'cache-clean-interval is in seconds, 0 for never; what no interval can be is refused.',
  },
  'qcow2/cache-size': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'cache-size is the sum of both caches: it is refused together with both, or below one of them.',
  },
  'qcow2/compressed': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'Clusters that are stored compressed read as what was compressed.',
    source: 'observation',
  },
  'qcow2/corrupt-read-only': {
    level: 'should',
    definition: 'BlockdevOptionsQcow2',
    text: 'An image that is marked corrupt opens read-only.',
    source: 'observation',
  },
  'qcow2/damaged-refused': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'An image whose header says what cannot be is refused, and nothing is left of it.',
    source: 'observation',
  },
  'qcow2/discard-reads-zeroes': {
    level: 'must',
    definition: 'BlockdevDiscardOptions',
    text: 'A cluster of an image of version 3 that a discard gives back reads as zeroes, whatever is below.',
    source: 'observation',
  },
  'qcow2/encrypt-aes': {
    level: 'must',
    definition: 'BlockdevQcow2Encryption',
    text: 'With format aes and the secret in key-secret an image encrypted so is read and written in the clear.',
    contradictedBy: 'blockdev-add/qcow2-encrypt-aes',
  },
  'qcow2/encrypt-luks': {
    level: 'must',
    definition: 'BlockdevQcow2Encryption',
    text: 'With format luks and the secret in key-secret an encrypted image is read and written in the clear.',
  },
  'qcow2/encrypt-mandatory': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'An encrypted image is refused without encrypt.',
  },
  'qcow2/feature-names': {
    level: 'should',
    definition: 'BlockdevOptionsQcow2',
    text: 'The refusal of an image with an unknown incompatible feature calls that by the name that the header gives it, or by its bit.',
    source: 'observation',
  },
  'qcow2/l2-cache-entry-size': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'l2-cache-entry-size is a power of two from 512 to the cluster size; others are refused.',
  },
  'qcow2/l2-cache-entry-size-default': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'l2-cache-entry-size, by default the size of a cluster, is how much of an L2 table is read at a time.',
  },
  'qcow2/l2-cache-size': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'l2-cache-size is the size of the cache of L2 tables.',
  },
  'qcow2/lazy-refcounts': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'lazy-refcounts turns lazy reference counts on and off, whatever the image says; an image that cannot have them is refused.',
  },
  'qcow2/lazy-refcounts-default': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'lazy-refcounts is by default as the image has it.',
  },
  'qcow2/lazy-refcounts-repaired': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'An image with lazy reference counts that nobody closed has right ones again once it was opened.',
    source: 'observation',
  },
  'qcow2/overlap-check-default': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'overlap-check is cached by default.',
  },
  'qcow2/pass-discard-other': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'pass-discard-other tells whether space that becomes free in neither way is given back to the data source.',
  },
  'qcow2/pass-discard-other-default': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'pass-discard-other is off by default.',
    source: 'observation',
  },
  'qcow2/pass-discard-request': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'pass-discard-request tells whether discard requests go on to the data source.',
  },
  'qcow2/pass-discard-request-default': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'pass-discard-request is by default on where discard is unmap.',
    source: 'observation',
  },
  'qcow2/pass-discard-snapshot': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'pass-discard-snapshot tells whether space that snapshot operations free is given back to the data source.',
  },
  'qcow2/refcount-cache-size': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'refcount-cache-size is the size of the cache of refcount blocks.',
  },
  'qcow2/refcount-widths': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'Images with reference counts of 1 to 64 bits are written; a snapshot needs more than one bit.',
    source: 'observation',
  },
  'qcow2/shapes': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'Images of both versions and of every cluster size from 512 bytes to 2 MiB are read and written.',
    source: 'observation',
  },
  'qcow2/unknown-incompatible-refused': {
    level: 'must',
    definition: 'BlockdevOptionsQcow2',
    text: 'An image with an incompatible feature that the endpoint does not know is refused.',
    source: 'observation',
  },
} as const satisfies Record<string, Requirement>;
