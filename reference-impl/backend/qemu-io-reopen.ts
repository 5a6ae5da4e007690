/**
 * `reopen` of qemu-io: a drive or node becomes read-only or writable, changes its cache mode, other options that all
 * drivers share, or those that its driver lets change. Of a child that was defined inside it, options are told as
 * `file.discard`. An option that is said as it is already is no change.
 */
import { type CacheOptions, detectZeroesNamed, discardNamed } from '../graph/common-options.ts';
import type { Node, ReopenOptions } from '../graph/node.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import { Permission } from '../graph/permissions.ts';
import { reopenWith } from '../graph/reopen.ts';
import { CommandError } from '../qapi/command-error.ts';
import { parseFlat, switchOf } from '../qapi/opts.ts';
import type { Services } from '../services/services.ts';
import type { BlockBackend } from './block-backend.ts';
import { CACHE_MODES, type CacheMode } from './cache-modes.ts';

const USAGE = 'reopen [(-r|-w)] [-c cache] [-o options] -- reopens an image with new options';

interface Reopened {
  readonly graph: NodeGraph;
  /** None in an empty drive. */
  readonly node: Node | undefined;
  readonly backend: BlockBackend | undefined;
}

/** What the words of a command say. */
interface Wanted {
  readOnly?: boolean;
  mode?: CacheMode;
  readonly options: Map<string, string>;
}

type Changes = { -readonly [K in keyof ReopenOptions]?: ReopenOptions[K] } & { readOnly?: boolean };

/** What becomes of one node, and of the children that are named with it. */
interface Plan {
  readonly node: Node;
  readonly changes: Changes;
  /** Takes the options of the driver. */
  readonly commit: () => void | Promise<void>;
  readonly children: readonly Plan[];
}

/** Throws `CommandError`, and then nothing has changed. */
export async function reopenBy({ graph, node, backend }: Reopened, words: readonly string[]): Promise<void> {
  const wanted = parseWords(words, graph.services);
  if (!wanted) return;
  const { mode } = wanted;
  if (backend?.device && mode && mode.writeback !== backend.settings.writeback)
    throw new CommandError('Cannot change cache.writeback: Device attached');
  if (!node) throw new CommandError('No medium found');
  const plan = planFor(node, wanted);
  if (plan.changes.readOnly) backend?.giveUp(Permission.write);
  await carryOut(graph, plan);
  if (backend && mode) backend.writeback = mode.writeback;
}

/** Undefined for words that are only complained about. Throws `CommandError`. */
function parseWords(words: readonly string[], services: Services): Wanted | undefined {
  const wanted: Wanted = { options: new Map() };
  const left = [...words];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const flag = /^-([rwco])(.*)$/s.exec(word);
    if (!flag) {
      if (word.startsWith('-')) services.log(`reopen: invalid option -- '${word[1] ?? ''}'`);
      return void services.print(USAGE);
    }
    const [, letter = '', behind = ''] = flag;
    if (letter === 'r' || letter === 'w') {
      if (wanted.readOnly !== undefined) throw new CommandError('Only one -r/-w option may be given');
      wanted.readOnly = letter === 'r';
      if (behind !== '') left.unshift(`-${behind}`);
      continue;
    }
    const value = behind === '' ? left.shift() : behind;
    if (value === undefined) {
      services.log(`reopen: option requires an argument -- '${letter}'`);
      return void services.print(USAGE);
    }
    if (letter === 'c') wanted.mode = modeNamed(value);
    else for (const [name, text] of parseFlat(value)) wanted.options.set(name, text);
  }
  return wanted;
}

function modeNamed(name: string): CacheMode {
  const mode = CACHE_MODES.get(name);
  if (!mode) throw new CommandError(`Invalid cache option: ${name}`);
  return mode;
}

/** Options of drivers, and what of them belongs to children, by the names of these. */
interface OtherOptions {
  readonly own: Map<string, string>;
  readonly children: Map<string, Map<string, string>>;
}

/** Throws `CommandError`. */
function planFor(node: Node, wanted: Wanted): Plan {
  const { own, children } = otherOptions(node, wanted.options);
  const changes = changesOf(wanted, node.options.cache);
  const plans = [...children].map(([name, options]) => planFor(node.child(name)!.node, { options }));
  if (own.size === 0) return { node, changes, commit: () => {}, children: plans };
  const commit = node.state.prepareReopen?.(own);
  if (!commit) throw new CommandError(`Cannot change the option '${[...own.keys()][0]!}'`);
  return { node, changes, commit, children: plans };
}

function otherOptions(node: Node, options: ReadonlyMap<string, string>): OtherOptions {
  const found: OtherOptions = { own: new Map(), children: new Map() };
  for (const [name, value] of options) {
    if (SHARED.includes(name) || isAsBefore(node, name, value)) continue;
    const [, child = '', rest = ''] = /^([^.]+)\.(.+)$/s.exec(name) ?? [];
    if (!node.child(child)?.inherits) found.own.set(name, value);
    else found.children.set(child, (found.children.get(child) ?? new Map<string, string>()).set(rest, value));
  }
  return found;
}

function isAsBefore(node: Node, name: string, value: string): boolean {
  if (name === 'driver') return value === node.driverName;
  if (name === 'node-name') return value === node.name;
  return node.child(name)?.node.name === value;
}

async function carryOut(graph: NodeGraph, { node, changes, commit, children }: Plan): Promise<void> {
  await reopenWith(graph, node, changes);
  await commit();
  for (const child of children) await carryOut(graph, child);
}

/** Options that all drivers share and that can change, by name. */
const SHARED = ['read-only', 'cache.direct', 'cache.no-flush', 'discard', 'detect-zeroes'];

function changesOf({ readOnly, mode, options }: Wanted, before: CacheOptions): Changes {
  const changes: Changes = readOnly === undefined ? {} : { readOnly };
  if (mode) changes.cache = mode;
  for (const [name, value] of options)
    switch (name) {
      case 'read-only':
        if (readOnly !== undefined) throw new CommandError("Cannot set both -r/-w and 'read-only'");
        changes.readOnly = switchOf(name, value);
        break;
      case 'cache.direct':
      case 'cache.no-flush':
        if (mode) throw new CommandError('Cannot set both -c and the cache options');
        changes.cache = {
          ...(changes.cache ?? before),
          [name === 'cache.direct' ? 'direct' : 'noFlush']: switchOf(name, value),
        };
        break;
      case 'discard':
        changes.discard = discardNamed(value);
        break;
      case 'detect-zeroes':
        changes.detectZeroes = detectZeroesNamed(value);
        break;
    }
  return changes;
}
