/** Requirements of blockdev-add and blockdev-del, and of the options that all drivers share. */
import type { Requirement } from './requirement.ts';

export const blockdevAdd = {
  'blockdev-add/backing-default': {
    level: 'must',
    definition: 'BlockdevOptionsGenericCOWFormat',
    text: 'Without backing the backing image is the one that the image itself names.',
  },
  'blockdev-add/backing-empty': {
    level: 'must',
    definition: 'BlockdevRefOrNull',
    text: 'An empty string for backing means none, as null does; it is deprecated.',
  },
  'blockdev-add/backing-loop': {
    level: 'must',
    definition: 'BlockdevOptionsGenericCOWFormat',
    text: 'An image that leads back to itself by the backing files of the headers is refused.',
    source: 'observation',
  },
  'blockdev-add/backing-null': {
    level: 'must',
    definition: 'BlockdevRefOrNull',
    text: 'null for backing leaves the node without a backing image, whatever the image names.',
  },
  'blockdev-add/cache': {
    level: 'must',
    definition: 'BlockdevCacheOptions',
    text: 'cache.direct and cache.no-flush, both false by default, show in the cache that the node reports.',
  },
  'blockdev-add/children-inherit': {
    level: 'should',
    definition: 'BlockdevOptions',
    text: 'A child that is defined within its parent takes read-only and the cache mode of that, unless it has its own.',
    source: 'observation',
  },
  'blockdev-add/children-stay': {
    level: 'must',
    definition: 'BlockdevRef',
    text: 'A child given by name is the existing node itself; it outlives the node that referred to it.',
  },
  'blockdev-add/creates-node': {
    level: 'must',
    definition: 'blockdev-add',
    text: 'After success there is one more node of that node-name and driver, ready for use.',
  },
  'blockdev-add/detect-zeroes': {
    level: 'must',
    definition: 'BlockdevDetectZeroesOptions',
    text: 'detect-zeroes is off by default, and the node reports the mode it was given.',
  },
  'blockdev-add/detect-zeroes-unmap-needs-discard': {
    level: 'must',
    definition: 'BlockdevDetectZeroesOptions',
    text: 'detect-zeroes unmap is refused unless discard is unmap.',
  },
  'blockdev-add/discard': {
    level: 'must',
    definition: 'BlockdevDiscardOptions',
    text: 'discard takes ignore (the default) and unmap: discard requests are dropped or handed on.',
  },
  'blockdev-add/driver-unknown': {
    level: 'must',
    definition: 'BlockdevOptions',
    text: 'A driver that the endpoint does not have is refused, and no node remains.',
  },
  'blockdev-add/failure-leaves-nothing': {
    level: 'must',
    definition: 'blockdev-add',
    text: 'A refused call leaves no node behind, neither the node itself nor children defined within it.',
  },
  'blockdev-add/force-share': {
    level: 'must',
    definition: 'BlockdevOptions',
    text: 'force-share with a read-only node opens an image that another has open for writing.',
  },
  'blockdev-add/force-share-needs-read-only': {
    level: 'must',
    definition: 'BlockdevOptions',
    text: 'force-share on a node that is not read-only is refused.',
  },
  'blockdev-add/id': {
    level: 'must',
    definition: 'blockdev-add',
    text: 'With id on the outermost node a BlockBackend of that name is made as well.',
    contradictedBy: 'blockdev-add/id-not-accepted',
  },
  'blockdev-add/inline-child': {
    level: 'must',
    definition: 'BlockdevRef',
    text: 'A child given as an object is a new node, with its own node-name if it has one, else a generated one that begins with #.',
  },
  'blockdev-add/name-form': {
    level: 'must',
    definition: 'BlockdevOptions',
    text: 'A node-name that does not begin with a letter, or has other characters than letters, digits, -, . and _, is refused.',
  },
  'blockdev-add/name-length': {
    level: 'must',
    definition: 'BlockdevOptions',
    text: 'A node-name of 31 characters is taken; a longer one is refused or cut, never half registered.',
  },
  'blockdev-add/name-required': {
    level: 'must',
    definition: 'BlockdevOptions',
    text: 'A call whose outermost node has no node-name is refused.',
  },
  'blockdev-add/name-taken': {
    level: 'must',
    definition: 'BlockdevOptions',
    text: 'A node-name that a node or a device already has is refused, and that one stays as it was.',
  },
  'blockdev-add/no-backend': {
    level: 'must',
    definition: 'blockdev-add',
    text: 'Without id no BlockBackend is made: query-block shows nothing new.',
  },
  'blockdev-add/read-only': {
    level: 'must',
    definition: 'BlockdevOptions',
    text: 'With read-only the node reports ro and refuses to be written; it is false by default.',
  },
  'blockdev-add/read-only-driver': {
    level: 'must',
    definition: 'BlockdevOptions',
    text: 'A driver that can only read refuses a node unless read-only is set, or makes it read-only all the same.',
  },
  'blockdev-add/reference-unknown': {
    level: 'must',
    definition: 'BlockdevRef',
    text: 'A child given by a name that no node has is refused.',
  },
  'blockdev-add/users-agree': {
    level: 'should',
    definition: 'blockdev-add',
    text: 'A user of a node that would do what another does not bear, or that does not bear what another does, is refused.',
    source: 'observation',
  },
  'blockdev-del/attached': {
    level: 'must',
    definition: 'blockdev-del',
    text: 'A node that a guest device uses is refused and stays.',
  },
  'blockdev-del/deletes': {
    level: 'must',
    definition: 'blockdev-del',
    text: 'After success the node is gone, and so are the children that only it had; the name can be used again.',
  },
  'blockdev-del/in-use': {
    level: 'must',
    definition: 'blockdev-del',
    text: 'A node that is the child of another, or that a block job uses, is refused and stays.',
  },
  'blockdev-del/node-unknown': {
    level: 'must',
    definition: 'blockdev-del',
    text: 'A node-name that no node has is refused.',
  },
  'blockdev-del/not-added': {
    level: 'must',
    definition: 'blockdev-del',
    text: 'A node that blockdev-add did not make by itself, such as a child defined within another, is refused and stays.',
  },
} as const satisfies Record<string, Requirement>;
