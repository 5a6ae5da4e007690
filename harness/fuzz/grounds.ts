/** Grounds: what programs start from, as topologies, with the symbols for what is there. The simplest first. */
import type { Ground } from '../../generators/sequences/program.ts';
import type { ImageSpec, Target, Topology } from '../targets/target.ts';

export interface FuzzGround extends Ground {
  readonly topology: Topology;
}

const MiB = 2 ** 20;

function ground(
  name: string,
  symbols: string,
  options: readonly string[] = [],
  images: readonly ImageSpec[] = [],
  monitors = 2,
): FuzzGround {
  const topology = { name: `fuzz-${name}`, images, options, monitors };
  return { name, symbols: symbols === '' ? [] : symbols.split(' '), monitors, topology };
}

const blockdev = (options: object): string[] => ['-blockdev', JSON.stringify(options)];
const object = (options: string): string[] => ['-object', options];
const device = (options: string): string[] => ['-device', options];

const disk = (node: string, file: string): string[] =>
  blockdev({
    driver: 'raw',
    'node-name': node,
    file: { driver: 'file', filename: `@DIR@/${file}` },
  });

const fill = [
  { offset: 0, length: 65536, byte: 17 },
  { offset: 524288, length: 65536, byte: 34 },
];
const RAW_IMAGES: readonly ImageSpec[] = [
  { path: 'f0', format: 'raw', size: MiB, fill },
  { path: 'f1', format: 'raw', size: MiB },
];

const ALL: readonly FuzzGround[] = [
  ground('empty', '', [], [], 1),
  ground('nodes', 'n0 n1 g0', [
    ...object('throttle-group,id=g0,x-iops-total=10'),
    ...blockdev({ driver: 'null-co', 'node-name': 'n0', size: MiB }),
    ...blockdev({ driver: 'null-co', 'node-name': 'n1', size: MiB }),
  ]),
  ground('disks', 'f0 f1 n0 n1', [...disk('n0', 'f0'), ...disk('n1', 'f1')], RAW_IMAGES),
  ground(
    'chain',
    'f0 f1 f2 n0 n1 n2',
    [
      ...disk('n0', 'f0'),
      ...blockdev({
        driver: 'qcow2',
        'node-name': 'n1',
        file: { driver: 'file', filename: '@DIR@/f1' },
        backing: 'n0',
      }),
      ...blockdev({
        driver: 'qcow2',
        'node-name': 'n2',
        file: { driver: 'file', filename: '@DIR@/f2' },
        backing: null,
      }),
    ],
    [
      { path: 'f0', format: 'raw', size: MiB, fill },
      {
        path: 'f1',
        format: 'qcow2',
        size: MiB,
        backing: { path: 'f0', format: 'raw' },
        fill: [{ offset: 131072, length: 65536, byte: 51 }],
      },
      { path: 'f2', format: 'qcow2', size: MiB },
    ],
  ),
];

/** With a machine: a disk in use, a CD drive with a medium, an empty one, and an I/O thread. */
const GUEST: readonly FuzzGround[] = [
  ground(
    'guest',
    'f0 f1 n0 n1 n2 d0 d1 d2 i0',
    [
      '-machine',
      'pc',
      ...object('iothread,id=i0'),
      ...disk('n0', 'f0'),
      ...disk('n1', 'f1'),
      ...blockdev({ driver: 'null-co', 'node-name': 'n2', size: MiB }),
      ...device('virtio-scsi-pci,id=bus0'),
      ...device('virtio-blk-pci,id=d0,drive=n0,share-rw=on'),
      ...device('scsi-cd,id=d1,bus=bus0.0'),
      ...device('ide-cd,id=d2,drive=n2,bus=ide.1'),
    ],
    RAW_IMAGES,
  ),
];

/** Those that may work on the target; simplest first. */
export function groundsFor({ capabilities }: Target): readonly FuzzGround[] {
  if (!capabilities.owned) return ALL.slice(0, 1);
  const grounds = capabilities.guestDevices ? [...ALL, ...GUEST] : ALL;
  return grounds.filter(({ monitors }) => monitors <= capabilities.monitors);
}
