/** Values on the command line, where all is text: what becomes of it in nodes and drives. */
import type { Topology } from '../targets/target.ts';
import type { CaseContext, CaseDefinition } from './case.ts';
import { insertedIn } from './helpers/device-info.ts';
import { pc } from './helpers/ide-guest.ts';
import { KiB, nodeCommands, nodeInfo, virtualSize } from './helpers/shared-setup.ts';

const SIZE = 64 * KiB;

/** A quorum whose children stand in its own definition, each with numbers and switches. */
const quorumByText: Topology = {
  name: 'quorum-by-text',
  images: [],
  options: [
    '-blockdev',
    ['driver=quorum,node-name=q,vote-threshold=1,read-only=y']
      .concat(
        [0, 1].map((n) =>
          ['driver=null-co', `size=${SIZE}`, 'read-only=on', `node-name=c${n}`]
            .map((option) => `children.${n}.${option}`)
            .join(),
        ),
      )
      .join(),
  ],
  monitors: 1,
};

/** Drives whose medium may be written, and not. */
const readOnlyDrives: Topology = {
  name: 'read-only-drives',
  images: [],
  options: ['on', 'off'].flatMap((value) => [
    '-drive',
    `if=none,id=d-${value},driver=null-co,size=1M,read-only=${value}`,
  ]),
  monitors: 1,
};

/** Two disks of one model, and what all of that model shall be like. */
const globalProperties = pc(
  'global-properties',
  [],
  [
    ...['serial=of-all', 'ver=9.9'].flatMap((property) => ['-global', `scsi-hd.${property}`]),
    '-device',
    'virtio-scsi-pci,id=scsi',
    ...['plain', 'own,serial=its-own'].flatMap((device, index) => [
      '-drive',
      `if=none,id=d${index},driver=null-co,size=1M`,
      '-device',
      `scsi-hd,drive=d${index},bus=scsi.0,id=${device}`,
    ]),
  ],
);

/** The cases of text that stands for numbers and switches. */
export const commandLineValues: readonly CaseDefinition[] = [
  {
    id: 'command-line/values-in-lists',
    title: 'Numbers and switches of nodes within a list are taken from their text, as those of the node are',
    requirements: ['quorum/children', 'blockdev-add/read-only'],
    needs: { ...nodeCommands, drivers: ['quorum', 'null-co'] },
    topology: quorumByText,
    async run(t: CaseContext) {
      for (const name of ['q', 'c0', 'c1']) {
        t.equal(await virtualSize(t, name), SIZE, `the node ${name} must have the size that was given`);
        t.contains(await nodeInfo(t, name), { ro: true }, `the node ${name} must be read-only`);
      }
    },
  },
  {
    id: 'command-line/read-only-drive',
    title: 'A drive that is given read-only=on has a medium that is shown as read-only; with off it has not',
    requirements: ['blockdev-add/read-only'],
    needs: { commands: ['query-block'], drivers: ['null-co'], capabilities: ['drives'] },
    topology: readOnlyDrives,
    async run(t: CaseContext) {
      for (const [device, ro] of [
        ['d-on', true],
        ['d-off', false],
      ] as const)
        t.contains(
          await insertedIn(t, device),
          { ro },
          `the medium of ${device} must be shown as it was given`,
        );
    },
  },
  {
    id: 'command-line/global-properties',
    title:
      'Properties that all devices of a model shall have are theirs together; what a device is given goes before',
    requirements: ['guest-drives/properties'],
    needs: { commands: ['qom-get'], drivers: ['null-co'] },
    topology: globalProperties,
    async run(t: CaseContext) {
      for (const [path, property, value] of [
        ['plain', 'serial', 'of-all'],
        ['plain', 'ver', '9.9'],
        ['own', 'serial', 'its-own'],
        ['own', 'ver', '9.9'],
      ])
        t.equal(
          await t.execute('qom-get', { path: path!, property: property! }),
          value!,
          `${property} of the device ${path} must be as the command line says`,
        );
    },
  },
];
