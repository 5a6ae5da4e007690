/** Start states: what programs start from, as topologies, with the symbols for what is there. The simplest first. */
import type { StartState } from '../../generators/sequences/program.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { ImageSpec, Target, Topology } from '../targets/target.ts';

/** A start state with what it takes to make it, and to make it again. */
export interface FuzzStartState extends StartState {
  readonly topology: Topology;
  /** What the options make besides devices, as arguments of object-add and blockdev-add, in order. */
  readonly objects: readonly JsonObject[];
  readonly nodes: readonly JsonObject[];
  /** Drives with a tray by their ids, and the node that is in each; null: none. */
  readonly drives: Readonly<Record<string, string | null>>;
}

const MiB = 2 ** 20;

interface Parts {
  readonly objects?: readonly JsonObject[];
  readonly nodes?: readonly JsonObject[];
  /** Options that come before and after those for objects and nodes. */
  readonly machine?: readonly string[];
  readonly devices?: readonly string[];
  readonly drives?: FuzzStartState['drives'];
  readonly images?: readonly ImageSpec[];
  readonly monitors?: number;
}

function startState(
  name: string,
  symbols: string,
  {
    objects = [],
    nodes = [],
    machine = [],
    devices = [],
    drives = {},
    images = [],
    monitors = 2,
  }: Parts = {},
): FuzzStartState {
  const options = [
    ...machine,
    ...objects.flatMap((object) => ['-object', objectOption(object)]),
    ...nodes.flatMap((node) => ['-blockdev', JSON.stringify(node)]),
    ...devices.flatMap((device) => ['-device', device]),
  ];
  const topology = { name: `fuzz-${name}`, images, options, monitors };
  return {
    name,
    symbols: symbols === '' ? [] : symbols.split(' '),
    monitors,
    topology,
    objects,
    nodes,
    drives,
  };
}

/** `TYPE,KEY=VALUE…`, as all versions take it. */
function objectOption({ 'qom-type': type, ...properties }: JsonObject): string {
  return [type, ...Object.entries(properties).map(([key, value]) => `${key}=${String(value)}`)].join(',');
}

const disk = (node: string, file: string): JsonObject => ({
  driver: 'raw',
  'node-name': node,
  file: { driver: 'file', filename: `@DIR@/${file}` },
});

const overlay = (node: string, file: string, backing: string | null): JsonObject => ({
  driver: 'qcow2',
  'node-name': node,
  file: { driver: 'file', filename: `@DIR@/${file}` },
  backing,
});

const nothing = (node: string): JsonObject => ({ driver: 'null-co', 'node-name': node, size: MiB });

const fill = [
  { offset: 0, length: 65536, byte: 17 },
  { offset: 524288, length: 65536, byte: 34 },
];
const RAW_IMAGES: readonly ImageSpec[] = [
  { path: 'f0', format: 'raw', size: MiB, fill },
  { path: 'f1', format: 'raw', size: MiB },
];

const ALL: readonly FuzzStartState[] = [
  startState('empty', '', { monitors: 1 }),
  startState('nodes', 'n0 n1 g0', {
    objects: [{ 'qom-type': 'throttle-group', id: 'g0', 'x-iops-total': 10 }],
    nodes: [nothing('n0'), nothing('n1')],
  }),
  startState('disks', 'f0 f1 n0 n1', { nodes: [disk('n0', 'f0'), disk('n1', 'f1')], images: RAW_IMAGES }),
  startState('chain', 'f0 f1 f2 n0 n1 n2', {
    nodes: [disk('n0', 'f0'), overlay('n1', 'f1', 'n0'), overlay('n2', 'f2', null)],
    images: [
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
  }),
];

/** With a machine: a disk in use, a CD drive with a medium, an empty one, and an I/O thread. */
const GUEST: readonly FuzzStartState[] = [
  startState('guest', 'f0 f1 n0 n1 n2 d0 d1 d2 i0', {
    machine: ['-machine', 'pc'],
    objects: [{ 'qom-type': 'iothread', id: 'i0' }],
    nodes: [disk('n0', 'f0'), disk('n1', 'f1'), nothing('n2')],
    devices: [
      'virtio-scsi-pci,id=bus0',
      'virtio-blk-pci,id=d0,drive=n0,share-rw=on',
      'scsi-cd,id=d1,bus=bus0.0',
      'ide-cd,id=d2,drive=n2,bus=ide.1',
    ],
    drives: { d1: null, d2: 'n2' },
    images: RAW_IMAGES,
  }),
];

/** Files to make nodes of, where the target takes no options that make some. */
const FILES = startState('files', 'f0 f1', { images: RAW_IMAGES, monitors: 1 });

/** Gives the start states that may work on the target; simplest first. */
export function startStatesFor({ capabilities }: Pick<Target, 'capabilities'>): readonly FuzzStartState[] {
  const bare = ALL.slice(0, 1);
  if (!capabilities.owned) return bare;
  if (capabilities.monitors < 2) return capabilities.sharedFiles ? [...bare, FILES] : bare;
  const startStates = capabilities.guestDevices ? [...ALL, ...GUEST] : ALL;
  return startStates.filter(({ monitors }) => monitors <= capabilities.monitors);
}
