/** Requirements of the drivers rbd, gluster, sheepdog, vxhs and nvme that can be seen without what they are made for. */
import type { Requirement } from './requirement.ts';

export const clusterDrivers = {
  'gluster/logfile': {
    level: 'must',
    definition: 'BlockdevOptionsGluster',
    text: 'logfile is the file that libgfapi logs to.',
    since: '2.8',
  },
  'gluster/server': {
    level: 'must',
    definition: 'BlockdevOptionsGluster',
    text: 'server has the places of the servers, one at least; where nobody is the node is refused.',
  },
  'nvme/device': {
    level: 'must',
    definition: 'BlockdevOptionsNVMe',
    text: 'device is the PCI address of the controller; what is no such address is refused.',
    since: '2.12',
  },
  'rbd-create/cluster-size': {
    level: 'must',
    definition: 'BlockdevCreateOptionsRbd',
    text: 'cluster-size is the bytes of an object, a power of two.',
    source: 'observation',
    since: '2.12',
  },
  'rbd-create/no-snapshot': {
    level: 'must',
    definition: 'BlockdevCreateOptionsRbd',
    text: 'location does not name a snapshot.',
    since: '2.12',
  },
  'rbd/conf': {
    level: 'must',
    definition: 'BlockdevOptionsRbd',
    text: 'conf is the file with the settings of Ceph, monitors among them.',
  },
  'rbd/server': {
    level: 'must',
    definition: 'BlockdevOptionsRbd',
    text: 'server has the monitors to ask, in place of those of conf.',
  },
  'sheepdog-create/copies': {
    level: 'must',
    definition: 'BlockdevCreateOptionsSheepdog',
    text: 'The number of copies is 1 to 31.',
    since: '2.12',
  },
  'sheepdog-create/data-strips': {
    level: 'must',
    definition: 'BlockdevCreateOptionsSheepdog',
    text: 'The number of data strips is 2, 4, 8 or 16.',
    since: '2.12',
  },
  'sheepdog-create/parity-strips': {
    level: 'must',
    definition: 'BlockdevCreateOptionsSheepdog',
    text: 'The number of parity strips is 1 to 15.',
    since: '2.12',
  },
  'sheepdog-create/preallocation': {
    level: 'must',
    definition: 'BlockdevCreateOptionsSheepdog',
    text: 'preallocation is off or full.',
    since: '2.12',
  },
  'sheepdog/server': {
    level: 'must',
    definition: 'BlockdevOptionsSheepdog',
    text: 'server is where the server is; where nobody serves the node is refused.',
  },
  'sheepdog/snap-id-or-tag': {
    level: 'must',
    definition: 'BlockdevOptionsSheepdog',
    text: 'snap-id and tag exclude each other.',
  },
  'vxhs/server': {
    level: 'must',
    definition: 'BlockdevOptionsVxHS',
    text: 'server is where the server is; where nobody serves the node is refused.',
    since: '2.10',
  },
} as const satisfies Record<string, Requirement>;
