/** Drives as a PC has them: by options of their own, in places that are given or free, and what is told of each. */
import { join } from 'node:path';
import type { JsonObject } from '../../../spec/json.ts';
import type { ObjectType } from '../../../spec/model.ts';
import type { CaseContext, CaseDefinition, Needs } from '../case.ts';
import { hmpIo, qemuIo } from '../helpers/human-monitor-io.ts';
import { pc } from '../helpers/ide-guest.ts';
import { bytesOf } from '../helpers/image-files.ts';
import { KiB, needs, queryList, specifiedMembers } from '../helpers/shared-setup.ts';
import { NO_LIMIT } from '../helpers/throttling.ts';

const SIZE = 64 * KiB;
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

const inMachine: Needs = {
  commands: ['query-block'],
  drivers: ['raw', 'file'],
  capabilities: ['drives', 'guestDevices', 'qtest', 'sharedFiles'],
};

const images = NAMES.map((name) => ({ path: `${name}.img`, format: 'raw', size: SIZE }));
const file = (name: string): string => `@DIR@/${name}.img`;
const drive = (options: string): string[] => ['-drive', options];

/** What is told of a drive without a medium, and of one with a medium. */
interface Told {
  readonly drive: JsonObject;
  readonly medium?: JsonObject;
}

const disk = (device: string, name: string): [string, Told] => [
  device,
  {
    drive: { device, locked: false, removable: false, type: 'unknown', 'io-status': 'ok' },
    medium: { file: name, ro: false },
  },
];
const floppy = (device: string, name: string): [string, Told] => [
  device,
  {
    drive: { device, locked: false, removable: true, type: 'unknown' },
    medium: { file: name, ro: false },
  },
];
const loose = (device: string, name?: string): [string, Told] => [
  device,
  {
    drive: { device, locked: false, removable: true, type: 'unknown' },
    ...(name !== undefined && { medium: { file: name, ro: false } }),
  },
];
const cd = (device: string, name: string): [string, Told] => [
  device,
  {
    drive: {
      device,
      locked: false,
      removable: true,
      type: 'unknown',
      'io-status': 'ok',
      tray_open: false,
    },
    medium: { file: name, ro: true },
  },
];

interface Machine {
  readonly id: string;
  readonly title: string;
  readonly options: readonly string[];
  readonly drives: readonly [string, Told][];
}

const MACHINES: readonly Machine[] = [
  {
    id: 'disks-of-a-pc',
    title:
      'Options name the disks, the CD and the floppies of a PC by their places, and each is told as what it is',
    options: [
      '-hda',
      file('a'),
      '-hdb',
      file('b'),
      '-cdrom',
      file('c'),
      '-hdd',
      file('d'),
      '-fda',
      file('f'),
      '-fdb',
      file('g'),
      ...drive(`if=virtio,file=${file('e')},format=raw`),
      ...drive(`if=none,file=${file('h')},format=raw`),
      ...drive('if=none,unit=5'),
      ...drive('if=none'),
    ],
    drives: [
      disk('ide0-hd0', 'a'),
      disk('ide0-hd1', 'b'),
      cd('ide1-cd0', 'c'),
      disk('ide1-hd1', 'd'),
      floppy('floppy0', 'f'),
      floppy('floppy1', 'g'),
      disk('virtio0', 'e'),
      loose('none0', 'h'),
      loose('none5'),
      loose('none1'),
    ],
  },
  {
    id: 'places-in-a-pc',
    title: 'A drive takes the place of its index, of its bus and unit, or the first that is free',
    options: [
      ...drive(`bus=1,unit=1,file=${file('a')},format=raw`),
      ...drive(`index=1,file=${file('b')},format=raw`),
      ...drive(`file=${file('c')},format=raw`),
      ...drive(`media=cdrom,file=${file('d')},format=raw`),
      ...drive(`if=floppy,unit=1,file=${file('e')},format=raw,id=own`),
      ...drive(`if=floppy,file=${file('f')},format=raw`),
      ...drive(`if=virtio,index=4,file=${file('g')},format=raw`),
      ...drive(`if=virtio,file=${file('h')},format=raw`),
    ],
    drives: [
      disk('ide1-hd1', 'a'),
      disk('ide0-hd1', 'b'),
      disk('ide0-hd0', 'c'),
      cd('ide1-cd0', 'd'),
      floppy('own', 'e'),
      floppy('floppy0', 'f'),
      disk('virtio4', 'g'),
      disk('virtio0', 'h'),
    ],
  },
];

/** All that every version tells of the medium of a drive, but for its node's name and its image. */
function wholeMedium(t: CaseContext, { file: name, ...more }: JsonObject): JsonObject {
  return {
    file: `${t.dir}/${String(name)}.img`,
    drv: 'raw',
    encrypted: false,
    backing_file_depth: 0,
    detect_zeroes: 'off',
    cache: { writeback: true, direct: false, 'no-flush': false },
    write_threshold: 0,
    ...NO_LIMIT,
    ...more,
  };
}

export const machineDriveCases: readonly CaseDefinition[] = [
  ...MACHINES.map(
    ({ id, title, options, drives }): CaseDefinition => ({
      id: `command-line/${id}`,
      title,
      requirements: ['query-block/every-device', 'query-block/removable', 'query-block/io-status'],
      needs: inMachine,
      topology: pc(id, images, options),
      async run(t: CaseContext) {
        const told = await queryList(t, 'query-block');
        t.equal(
          told.map(({ device }) => device ?? null),
          drives.map(([name]) => name),
          'query-block must list the drives in the order in which they were given',
        );
        for (const [index, [name, expected]] of drives.entries()) {
          const { inserted, qdev: _, ...own } = told[index]!;
          t.equal(own, expected.drive, `query-block must tell what the drive ${name} is`);
          if (expected.medium === undefined)
            t.check(inserted === undefined, `${name} must have no medium`, 'it has one');
          else {
            const {
              'node-name': __,
              encryption_key_missing: ___,
              image,
              ...medium
            } = specifiedMembers(t.schema.types.get('BlockDeviceInfo') as ObjectType, inserted as JsonObject);
            t.equal(medium, wholeMedium(t, expected.medium), `query-block must tell what is in ${name}`);
            t.contains(image!, { 'virtual-size': SIZE }, `the medium of ${name} must be of that size`);
          }
        }
      },
    }),
  ),
  {
    id: 'command-line/snapshots-of-drives',
    title:
      'With -snapshot what is written to a drive is forgotten, but for one that says otherwise; its file is only read',
    requirements: ['query-named-block-nodes/backing-file', 'query-named-block-nodes/cache'],
    needs: needs(hmpIo, inMachine),
    topology: pc('forgetful-drives', images, [
      '-snapshot',
      ...drive(`if=none,id=forgets,file=${file('a')},format=raw`),
      ...drive(`if=none,id=keeps,snapshot=off,file=${file('b')},format=raw`),
      ...drive(`if=none,id=fixed,cache=writethrough,read-only=on,file=${file('c')},format=raw`),
    ]),
    fresh: true,
    async run(t: CaseContext) {
      const told = await queryList(t, 'query-block');
      const forgetful = {
        drv: 'qcow2',
        ro: false,
        backing_file_depth: 1,
        cache: { writeback: true, direct: false, 'no-flush': true },
      };
      const through = { writeback: false, direct: false, 'no-flush': true };
      const expected: [string, JsonObject][] = [
        ['forgets', { ...forgetful, backing_file: `${t.dir}/a.img` }],
        [
          'keeps',
          {
            drv: 'raw',
            ro: false,
            backing_file_depth: 0,
            cache: { writeback: true, direct: false, 'no-flush': false },
          },
        ],
        ['fixed', { ...forgetful, ro: true, backing_file: `${t.dir}/c.img`, cache: through }],
      ];
      for (const [name, medium] of expected)
        t.contains(
          told.find(({ device }) => device === name)?.inserted ?? null,
          medium,
          `query-block must tell what is in ${name}`,
        );
      for (const name of ['forgets', 'keeps']) {
        await qemuIo(t, name, 'write -P 0x5a 512 1024');
        await qemuIo(t, name, 'flush');
      }
      const bytes = (name: string) => bytesOf(t, join(t.scratch, `${name}.img`));
      const written = Buffer.alloc(SIZE).fill(0x5a, 512, 1536);
      t.check(
        (await bytes('b')).equals(written),
        'a drive without snapshot must keep what is written',
        'it does not',
      );
      t.check(
        (await bytes('a')).equals(Buffer.alloc(SIZE)),
        'the file of a snapshot must not be written',
        'it is',
      );
    },
  },
];
