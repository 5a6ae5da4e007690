/**
 * `reopen` of qemu-io: a drive or node becomes read-only or writable, changes its cache mode, or other options that all
 * drivers share. Options of one driver are left as they are.
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

/** Throws `CommandError`, and then nothing has changed. */
export async function reopenBy({ graph, node, backend }: Reopened, words: readonly string[]): Promise<void> {
  const wanted = parseWords(words, graph.services);
  if (!wanted) return;
  const { mode } = wanted;
  if (backend?.device && mode && mode.writeback !== backend.settings.writeback)
    throw new CommandError('Cannot change cache.writeback: Device attached');
  if (!node) throw new CommandError('No medium found');
  const changes = changesOf(wanted, node.options.cache);
  if (changes.readOnly) backend?.giveUp(Permission.write);
  await reopenWith(graph, node, changes);
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
      default:
        throw new CommandError(`Cannot change the option '${name}'`);
    }
  return changes;
}
