/**
 * What a string names, told by the member that holds it: QAPI types all of these as `str`.
 *
 * The first rule that fits counts: a member of one command, a member of an object that looks so, a member anywhere.
 */
import type { Live } from './live.ts';

export type Role =
  | 'bitmap'
  | 'command-line'
  | 'descriptor'
  | 'device'
  | 'export'
  | 'file'
  | 'group'
  | 'host'
  | 'iothread'
  | 'job'
  | 'new-name'
  | 'node'
  | 'node-or-device'
  | 'object-type'
  | 'port'
  | 'secret'
  | 'text'
  | 'url'
  | 'vsock-cid';

/** Where a value stands. */
export interface Place {
  /** The command whose arguments are made; absent for a type by itself. */
  readonly command?: string;
  /** The nearest member above. */
  readonly member: string;
  /** The object that has it is the options of a node. */
  readonly nodeOptions: boolean;
  /** It is one form of an alternate whose other form defines a node. */
  readonly nodeReference: boolean;
}

const OF_COMMAND: readonly (readonly [RegExp, Readonly<Record<string, Role>>])[] = [
  [/^(block-job-|job-)/, { device: 'job', id: 'job' }],
  [/^block(dev)?-dirty-bitmap|^x-debug-block-dirty-bitmap/, { name: 'bitmap', node: 'node-or-device' }],
  [/^nbd-server-add$/, { device: 'node-or-device', name: 'new-name' }],
  [/^nbd-server-remove$/, { name: 'export' }],
  [
    /^(drive-mirror|drive-backup|change)$/,
    { target: 'file', 'node-name': 'new-name', device: 'node-or-device' },
  ],
  [/^blockdev-(mirror|backup)$/, { target: 'node', device: 'node-or-device' }],
  [
    /^blockdev-(open|close|remove|insert|change)-|^eject$|^block_set_io_throttle$/,
    { device: 'device', id: 'device' },
  ],
  [/^block-(commit|stream)$/, { base: 'file', top: 'file', device: 'node-or-device' }],
  [/^object-/, { id: 'new-name' }],
];

const ANYWHERE: Readonly<Record<string, Role>> = {
  'base-node': 'node',
  'top-node': 'node',
  'backing-file': 'file',
  bitmap: 'bitmap',
  child: 'node',
  cid: 'vsock-cid',
  'command-line': 'command-line',
  config: 'file',
  device: 'node-or-device',
  dir: 'file',
  'export-name': 'export',
  fd: 'descriptor',
  fdname: 'descriptor',
  'fdset-id': 'descriptor',
  filename: 'file',
  'filter-node-name': 'new-name',
  group: 'group',
  host: 'host',
  hostname: 'host',
  id: 'device',
  'image-node-name': 'node',
  iothread: 'iothread',
  'job-id': 'new-name',
  logfile: 'file',
  node: 'node',
  'node-name': 'node',
  overlay: 'node',
  parent: 'node',
  path: 'file',
  port: 'port',
  portal: 'url',
  'qom-type': 'object-type',
  replaces: 'node',
  'snapshot-file': 'file',
  'snapshot-node-name': 'new-name',
  str: 'descriptor',
  'throttle-group': 'group',
  'tls-creds': 'secret',
  url: 'url',
};

export function roleOf({ command = '', member, nodeOptions, nodeReference }: Place): Role {
  if (nodeReference) return 'node';
  if (nodeOptions && member === 'node-name') return 'new-name';
  for (const [commands, roles] of OF_COMMAND)
    if (!nodeOptions && commands.test(command) && Object.hasOwn(roles, member)) return roles[member]!;
  if (member.endsWith('-secret')) return 'secret';
  return (Object.hasOwn(ANYWHERE, member) && ANYWHERE[member]) || 'text';
}

/** What is there of this role. */
export function liveOf(role: Role, live: Live): readonly string[] {
  switch (role) {
    case 'bitmap':
      return live.bitmaps;
    case 'device':
      return live.devices;
    case 'export':
      return live.exports;
    case 'file':
      return live.files;
    case 'group':
      return live.groups;
    case 'iothread':
      return live.iothreads;
    case 'job':
      return live.jobs;
    case 'node':
    case 'new-name':
      return live.nodes;
    case 'node-or-device':
      return live.nodes.length > 0 ? live.nodes : live.devices;
    case 'secret':
      return live.secrets;
    default:
      return [];
  }
}
