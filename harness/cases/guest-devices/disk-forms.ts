/** How disks are made, as they tell their guest and QOM: geometry, given or guessed, names, blocks, and what cannot be. */
import type { Json } from '../../../spec/json.ts';
import type { ImageSpec, Topology } from '../../targets/target.ts';
import type { CaseContext, CaseDefinition } from '../case.ts';
import { IdeDrive, pc } from '../helpers/ide-guest.ts';
import { MiB } from '../helpers/shared-setup.ts';
import { playPlugging } from './scenes/plug.ts';
import { formsThatCannotBe } from './scenes/plug-scenes.ts';
import { plugMachine } from './scenes/topology.ts';

const SECTOR = 512;
/** Places of IDE disks in a PC, in the order in which they are counted. */
const PLACES = [
  ['ide.0', 0],
  ['ide.0', 1],
  ['ide.1', 0],
  ['ide.1', 1],
] as const;

/** One disk: its image, what its options say of its form, and what must be told. */
interface Disk {
  readonly image: Omit<ImageSpec, 'path' | 'format'>;
  readonly options: string;
  /** Words of IDENTIFY DEVICE by their numbers. */
  readonly words: Readonly<Record<number, number>>;
  readonly properties: Readonly<Record<string, Json>>;
}

/** A partition in a first sector: the head and sector of its end, and the signature. */
function partition(head: number, sector: number): NonNullable<ImageSpec['fill']> {
  return [
    { offset: 446 + 5, length: 1, byte: head },
    { offset: 446 + 6, length: 1, byte: sector },
    { offset: 446 + 12, length: 1, byte: 1 },
    { offset: 510, length: 1, byte: 0x55 },
    { offset: 511, length: 1, byte: 0xaa },
  ];
}

/** A disk with a geometry, in the words and properties that tell it. */
function shaped(
  image: Disk['image'],
  options: string,
  [cyls, heads, secs]: readonly [number, number, number],
  translation: string,
): Disk {
  const capacity = cyls * heads * secs;
  return {
    image,
    options,
    words: {
      1: cyls,
      3: heads,
      6: secs,
      54: cyls,
      55: heads,
      56: secs,
      57: capacity & 0xffff,
      58: capacity >>> 16,
    },
    properties: { cyls, heads, secs, 'bios-chs-trans': translation },
  };
}

const empty = { size: MiB };
const large = (...fill: NonNullable<ImageSpec['fill']>) => ({ size: 1024 * MiB, fill });

const GIVEN: readonly Disk[] = [
  shaped(empty, ',cyls=5,heads=4,secs=10', [5, 4, 10], 'none'),
  shaped(empty, ',cyls=65535,heads=16,secs=255', [65535, 16, 255], 'lba'),
  shaped(empty, ',cyls=1,heads=1,secs=1,bios-chs-trans=rechs', [1, 1, 1], 'rechs'),
  shaped(empty, ',cyls=1024,heads=16,secs=63,bios-chs-trans=auto', [1024, 16, 63], 'none'),
];

const GUESSED: readonly Disk[] = [
  shaped({ size: 1000 * SECTOR }, '', [2, 16, 63], 'none'),
  shaped(large(), '', [2080, 16, 63], 'lba'),
  shaped(large(), ',bios-chs-trans=large,cyls=0,heads=0,secs=0', [2080, 16, 63], 'large'),
  shaped({ size: 9 * 1024 * MiB }, '', [16383, 16, 63], 'lba'),
];

const PARTITIONED: readonly Disk[] = [
  shaped(large(...partition(7, 0xc0 | 32)), '', [8192, 8, 32], 'none'),
  shaped(large(...partition(254, 63)), '', [2080, 16, 63], 'large'),
  shaped({ size: 100 * MiB, fill: partition(0, 63) }, '', [203, 16, 63], 'none'),
  shaped(large(...partition(7, 32)), ',cyls=9,heads=8,secs=7', [9, 8, 7], 'none'),
];

/** Rotation, blocks and discards. */
const MADE: readonly Disk[] = [
  {
    image: empty,
    options: '',
    words: { 10: 0x514d, 11: 0x3030, 12: 0x3030, 13: 0x3120, 69: 0x4000, 106: 0x6000, 169: 1, 217: 0 },
    properties: { serial: 'QM00001', ver: '2.5+', discard_granularity: 512, rotation_rate: 0 },
  },
  {
    image: empty,
    options: ',rotation_rate=7200,discard_granularity=0',
    words: { 12: 0x3030, 13: 0x3220, 69: 0, 106: 0x6000, 169: 0, 217: 7200 },
    properties: { serial: 'QM00002', discard_granularity: 0, rotation_rate: 7200 },
  },
  {
    image: empty,
    options: ',rotation_rate=1,physical_block_size=4096,discard_granularity=512,ver=,serial=',
    words: { 10: 0x2020, 13: 0x2020, 23: 0x2020, 69: 0x4000, 106: 0x6003, 169: 1, 217: 1 },
    properties: { serial: '', ver: '', discard_granularity: 512, physical_block_size: 4096 },
  },
  {
    image: empty,
    options: ',physical_block_size=32768,min_io_size=4096,opt_io_size=8192',
    words: { 12: 0x3030, 13: 0x3420, 106: 0x6006 },
    properties: { serial: 'QM00004', min_io_size: 4096, opt_io_size: 8192 },
  },
];

/** A PC with these disks in their places. */
function machine(name: string, disks: readonly Disk[]): Topology {
  return pc(
    name,
    disks.map(({ image }, number) => ({ path: `disk${number}.img`, format: 'raw', ...image })),
    disks.flatMap(({ options }, number) => {
      const [bus, unit] = PLACES[number]!;
      return [
        '-blockdev',
        `driver=raw,node-name=n${number},file.driver=file,file.filename=@DIR@/disk${number}.img`,
        '-device',
        `ide-hd,id=hd${number},drive=n${number},bus=${bus},unit=${unit}${options}`,
      ];
    }),
  );
}

/** Each disk must tell its form in IDENTIFY DEVICE and in QOM. */
function told(id: string, title: string, disks: readonly Disk[]): CaseDefinition {
  return {
    id: `ide/${id}`,
    title,
    requirements: ['guest-drives/identity', 'guest-drives/properties'],
    needs: { commands: ['qom-get'] },
    topology: machine(id, disks),
    async run(t: CaseContext) {
      for (const [number, { words, properties, options }] of disks.entries()) {
        const [bus, unit] = PLACES[number]!;
        const identity = await new IdeDrive(t, bus, unit).identify();
        const seen = Object.fromEntries(Object.keys(words).map((word) => [word, identity[Number(word)]!]));
        t.equal(seen, words as Json, `IDENTIFY DEVICE must tell of a disk${options} what it is`);
        const values: Record<string, Json> = {};
        for (const property of Object.keys(properties))
          values[property] = await t.execute('qom-get', { path: `hd${number}`, property });
        t.equal(values, properties, `QOM must tell of a disk${options} what it is`);
      }
    },
  };
}

/** Refusals, by what is left undone: SCSI and virtio are plugged into a running machine. */
export const diskForms: readonly CaseDefinition[] = [
  told('given-geometry', 'A disk has the geometry that it was given', GIVEN),
  told('guessed-geometry', 'A disk that was given no geometry has one by its size', GUESSED),
  told(
    'geometry-of-partitions',
    'A disk that was given no geometry has the one by which its partitions end',
    PARTITIONED,
  ),
  told(
    'form-of-disks',
    'A disk tells its serial number, its blocks, how fast it turns and whether it discards',
    MADE,
  ),
  {
    id: 'ide/addresses-by-given-geometry',
    title: 'A guest names sectors by cylinder, head and sector of the geometry that the disk was given',
    requirements: ['guest-drives/addresses'],
    topology: machine('addresses-by-given-geometry', [
      {
        ...GIVEN[0]!,
        image: {
          size: MiB,
          fill: [
            { offset: 0, length: 40 * SECTOR, byte: 0x11 },
            { offset: 40 * SECTOR, length: SECTOR, byte: 0x22 },
            { offset: 41 * SECTOR, length: MiB - 41 * SECTOR, byte: 0x33 },
          ],
        },
      },
    ]),
    async run(t: CaseContext) {
      const disk = new IdeDrive(t);
      const first: (number | null)[] = [];
      // Of 4 heads and 10 sectors: sectors 39, 40, 41.
      for (const [cylinder, head, sector] of [
        [0, 3, 10],
        [1, 0, 1],
        [1, 0, 2],
      ] as const)
        first.push((await disk.readAt(cylinder, head, sector)).data[0] ?? null);
      t.equal(first, [0x11, 0x22, 0x33], 'each place must lead to its sector');
    },
  },
  {
    id: 'device_add/forms-that-cannot-be',
    title:
      'A geometry that is not whole or beyond its bounds, and blocks and queues that cannot be, are refused',
    requirements: ['guest-drives/plugging', 'guest-drives/properties'],
    needs: { commands: ['device_add', 'device_del', 'qom-get', 'blockdev-add'], drivers: ['null-co'] },
    topology: plugMachine,
    fresh: true,
    run: (t: CaseContext) => playPlugging(t, formsThatCannotBe),
  },
];
