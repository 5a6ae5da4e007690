/**
 * What a string names, told by the member that holds it: QAPI types all of these as `str`.
 *
 * The first rule that fits counts: an argument in the effects table, a member of an object that looks so, a member anywhere.
 */
import type { CommandEffects, Reference } from '../../spec/effects/effects.ts';
import { effectsOf } from '../../spec/effects/effects-of.ts';
import type { Live } from './live-names.ts';

/** What a string names; `text` names nothing. */
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

/** Roles of what the effects table has commands use, and make. */
const USED: Readonly<Record<Reference, Role>> = {
  bitmap: 'bitmap',
  device: 'device',
  export: 'export',
  file: 'file',
  iothread: 'iothread',
  job: 'job',
  'nbd-server': 'text',
  node: 'node',
  'node-or-device': 'node-or-device',
  object: 'group',
  snapshot: 'text',
};

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

/** Tells the role by the first rule that fits, see above. */
export function roleOf({ command = '', member, nodeOptions, nodeReference }: Place): Role {
  if (nodeReference) return 'node';
  if (nodeOptions && member === 'node-name') return 'new-name';
  const known = nodeOptions ? undefined : roleIn(effectsOf(command), member);
  if (known !== undefined) return known;
  if (member.endsWith('-secret')) return 'secret';
  return (Object.hasOwn(ANYWHERE, member) && ANYWHERE[member]) || 'text';
}

/** What the command makes by that name, or uses. */
function roleIn({ makes = [], uses = {} }: CommandEffects, member: string): Role | undefined {
  const made = makes.find(({ argument }) => argument === member);
  if (made !== undefined) return made.kind === 'file' ? 'file' : 'new-name';
  return Object.hasOwn(uses, member) ? USED[uses[member]!] : undefined;
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
