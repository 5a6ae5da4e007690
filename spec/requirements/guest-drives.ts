/** Requirements of what a guest sees of its drives at the ports of the machine. */
import type { Requirement } from './requirement.ts';

export const guestDrives = {
  'guest-drives/addresses': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'The guest of an IDE disk gets at every sector of the image by its number and by its place, and at none beyond.',
    source: 'observation',
  },
  'guest-drives/ata-commands': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'The commands of ATA that a disk knows end well and leave their registers as they should; others are aborted.',
    source: 'observation',
  },
  'guest-drives/atapi-commands': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'The packets that a CD drive knows end well where there is what they ask for; others fail with their sense.',
    source: 'observation',
  },
  'guest-drives/bus-masters': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'The guest moves data between disk and memory by the tables of a bus master.',
    source: 'observation',
  },
  'guest-drives/contents': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'What a guest reads of its drive are the bytes of the image, and what it writes they become.',
    source: 'observation',
  },
  'guest-drives/identity': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'A drive tells its guest the size of its image, and the names that the device was given.',
    source: 'observation',
  },
  'guest-drives/places': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'A guest finds each drive at the channel and unit where it was put, and no drive elsewhere.',
    source: 'observation',
  },
  'guest-drives/plugging': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'A device that is added comes to the place and has the properties that it asks for; else it is refused.',
    source: 'observation',
  },
  'guest-drives/properties': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'The tree of objects tells each device where it is, with its properties as they were given.',
    source: 'observation',
  },
  'guest-drives/unplugging': {
    level: 'must',
    definition: 'BlockInfo',
    text: 'A device that is asked to go goes at once, or when its guest lets it, or is refused where its bus keeps it.',
    source: 'observation',
  },
} as const satisfies Record<string, Requirement>;
