/** Requirements of what options of nodes and files do to requests and to other users. */
import type { Requirement } from './requirement.ts';

export const nodeOptions = {
  'BlockdevCacheOptions/direct': {
    level: 'must',
    definition: 'BlockdevCacheOptions',
    text: 'With direct, false by default, files are opened with O_DIRECT, past the page cache of the host.',
  },
  'BlockdevCacheOptions/flush-is-carried-out': {
    level: 'must',
    definition: 'BlockdevCacheOptions',
    text: 'Without no-flush, what was written before a flush that succeeded is in the image, whatever becomes of the endpoint.',
    source: 'observation',
  },
  'BlockdevCacheOptions/no-flush': {
    level: 'must',
    definition: 'BlockdevCacheOptions',
    text: 'With no-flush, false by default, flush requests are not carried out, and succeed.',
  },
  'BlockdevDetectZeroesOptions/off': {
    level: 'must',
    definition: 'BlockdevDetectZeroesOptions',
    text: 'off, the default, writes zeroes like other data.',
  },
  'BlockdevDetectZeroesOptions/on': {
    level: 'must',
    definition: 'BlockdevDetectZeroesOptions',
    text: 'on turns a write that is all zeroes into a request to write zeroes, which the driver can carry out without data.',
  },
  'BlockdevDetectZeroesOptions/unmap': {
    level: 'must',
    definition: 'BlockdevDetectZeroesOptions',
    text: 'unmap does the same and lets the driver give up the space.',
  },
  'BlockdevDiscardOptions/ignore': {
    level: 'must',
    definition: 'BlockdevDiscardOptions',
    text: 'ignore drops discard requests.',
  },
  'BlockdevDiscardOptions/unmap': {
    level: 'must',
    definition: 'BlockdevDiscardOptions',
    text: 'unmap hands discard requests on.',
  },
  'BlockdevRefOrNull/definition': {
    level: 'must',
    definition: 'BlockdevRefOrNull',
    text: 'A backing file that is given as an object is a new node.',
  },
  'file/locking-default': {
    level: 'must',
    definition: 'BlockdevOptionsFile',
    text: 'Without locking the file is locked where the host has OFD locks, as with auto.',
  },
  'file/locking-off': {
    level: 'must',
    definition: 'BlockdevOptionsFile',
    text: 'With locking off the file is opened whoever locks it.',
  },
  'file/locking-on': {
    level: 'must',
    definition: 'BlockdevOptionsFile',
    text: 'With locking on the file is locked: what its users do not share is refused to others.',
  },
} as const satisfies Record<string, Requirement>;
