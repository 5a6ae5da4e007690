/** Requirements of the drivers for replication and for formats of others. */
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
} as const satisfies Record<string, Requirement>;
