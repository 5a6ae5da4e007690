/** Requirements of the drivers file, raw, null-co and null-aio. */
import type { Requirement } from './requirement.ts';

export const drivers = {
  'file/aio': {
    level: 'must',
    definition: 'BlockdevOptionsFile',
    text: 'aio takes threads, the default, and native.',
  },
  'file/aio-native-needs-direct': {
    level: 'must',
    definition: 'BlockdevOptionsFile',
    text: 'aio native is refused unless cache.direct is set.',
  },
  'file/filename': {
    level: 'must',
    definition: 'BlockdevOptionsFile',
    text: 'filename is the path of the image, and what the node reports as its file.',
  },
  'file/locking': {
    level: 'must',
    definition: 'BlockdevOptionsFile',
    text: 'locking takes on, off and auto; auto, the default, locks where the host has OFD locks.',
  },
  'file/missing': {
    level: 'must',
    definition: 'BlockdevOptionsFile',
    text: 'A file that does not exist is refused, and is not made.',
  },
  'file/not-regular': {
    level: 'must',
    definition: 'BlockdevOptionsFile',
    text: 'A directory is refused.',
  },
  'file/pr-manager-unknown': {
    level: 'must',
    definition: 'BlockdevOptionsFile',
    text: 'A pr-manager that names no such object is refused.',
  },
  'file/size': {
    level: 'must',
    definition: 'BlockdevOptionsFile',
    text: 'The node is as long as the file, rounded up to whole sectors of 512 bytes.',
  },
  'file/whole-sectors': {
    level: 'should',
    definition: 'BlockdevOptionsFile',
    text: 'The size of a file that is no multiple of 512 bytes is rounded up to one.',
    source: 'observation',
  },
  'null/latency': {
    level: 'must',
    definition: 'BlockdevOptionsNull',
    text: 'latency-ns delays each request by at least this many nanoseconds; without it requests finish at once.',
  },
  'null/latency-invalid': {
    level: 'must',
    definition: 'BlockdevOptionsNull',
    text: 'A latency-ns beyond what an int64 holds is refused.',
  },
  'null/size': {
    level: 'must',
    definition: 'BlockdevOptionsNull',
    text: 'The node has the size that was given, in bytes.',
  },
  'null/size-default': {
    level: 'should',
    definition: 'BlockdevOptionsNull',
    text: 'Without size the node has 1 GiB.',
  },
  'null/whole-sectors': {
    level: 'should',
    definition: 'BlockdevOptionsNull',
    text: 'A size that is no multiple of 512 bytes is rounded up to one.',
    source: 'observation',
  },
  'raw/file': {
    level: 'must',
    definition: 'BlockdevOptionsGenericFormat',
    text: 'file gives the data source, as the name of a node or as the definition of one; it is required.',
  },
  'raw/offset': {
    level: 'must',
    definition: 'BlockdevOptionsRaw',
    text: 'offset, 0 by default, is where in the data source the node begins; byte 0 of the node is that byte.',
  },
  'raw/offset-beyond-end': {
    level: 'must',
    definition: 'BlockdevOptionsRaw',
    text: 'An offset beyond the end of the data source is refused.',
  },
  'raw/size': {
    level: 'must',
    definition: 'BlockdevOptionsRaw',
    text: 'size is the length that the node takes on, and what it reports.',
  },
  'raw/size-beyond-end': {
    level: 'must',
    definition: 'BlockdevOptionsRaw',
    text: 'A window of offset and size that reaches beyond the end of the data source is refused.',
  },
  'raw/size-default': {
    level: 'must',
    definition: 'BlockdevOptionsRaw',
    text: 'Without size the node reaches from offset to the end of the data source.',
  },
  'raw/size-fixed': {
    level: 'must',
    definition: 'BlockdevOptionsRaw',
    text: 'A node with a size of its own cannot be resized.',
  },
} as const satisfies Record<string, Requirement>;
