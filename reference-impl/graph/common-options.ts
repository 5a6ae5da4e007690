/**
 * The options that every driver shares, taken out of a `BlockdevOptions` and completed: what a definition leaves open, a
 * child inherits from its parent, and a root gets QEMU's default.
 */
import type {
  BlockdevDetectZeroesOptions,
  BlockdevDiscardOptions,
  BlockdevOptions,
} from '../../spec/generated/qmp.ts';
import type { JsonObject } from '../../spec/json.ts';
import type { ChildRole } from '../drivers/driver.ts';
import { CommandError } from '../qapi/command-error.ts';
import { flatNames } from '../qapi/qdict-order.ts';

/** The cache mode of a node, completed: of `BlockdevCacheOptions`, whose writeback is the drive's. */
export interface CacheOptions {
  readonly direct: boolean;
  readonly noFlush: boolean;
}

/** What every driver shares, completed. */
export interface NodeOptions {
  readonly cache: CacheOptions;
  readonly readOnly: boolean;
  readonly forceShare: boolean;
  readonly discard: BlockdevDiscardOptions;
  readonly detectZeroes: BlockdevDetectZeroesOptions;
  /** The driver's own options, as they were given; children included. */
  readonly own: JsonObject;
  /** The same as file names show them. */
  readonly shown: JsonObject;
  /** The names of all that the definition says, laid flat, in the order in which they were put into its table. */
  readonly order: readonly string[];
}

/** Whose child a node becomes, and as what. */
export interface Parent {
  readonly options: NodeOptions;
  readonly role: ChildRole;
}

/** The members that `BlockdevOptions` has for every driver, each of which a definition may lack. */
export type SharedOptions = Readonly<Partial<Pick<BlockdevOptions, keyof BlockdevOptions>>>;

const SHARED: ReadonlySet<string> = new Set<keyof BlockdevOptions>([
  'driver',
  'node-name',
  'discard',
  'cache',
  'read-only',
  'detect-zeroes',
  'force-share',
]);

/**
 * Options of a node whose definition passed the schema; `parent` if it is defined inside another node's. `shown`: the
 * definition as it was written, if not as `definition`. `order`: as in `NodeOptions`, of a child.
 */
export function nodeOptions(
  definition: JsonObject,
  { options: parent, role }: Partial<Parent> = {},
  shown?: JsonObject,
  order?: readonly string[],
): NodeOptions {
  const given = definition as SharedOptions;
  const isBacking = role === 'backing';
  return {
    cache: cacheOf(given.cache, parent?.cache),
    // Whoever opens a backing file only looks through it.
    readOnly: given['read-only'] ?? (isBacking || (parent?.readOnly ?? false)),
    forceShare: given['force-share'] ?? parent?.forceShare ?? false,
    // A parent passes on only the discards that its own option lets through.
    discard: given.discard ?? (isBacking ? parent!.discard : parent ? 'unmap' : 'ignore'),
    detectZeroes: given['detect-zeroes'] ?? 'off',
    own: withoutShared(definition),
    shown: withoutShared(shown ?? definition),
    order: order ?? flatNames(shown ?? definition, shown !== undefined),
  };
}

/** The cache mode of a node: as its definition says, and else as its parent's is. */
export function cacheOf(given: SharedOptions['cache'], parent?: CacheOptions): CacheOptions {
  return {
    direct: given?.direct ?? parent?.direct ?? false,
    noFlush: given?.['no-flush'] ?? parent?.noFlush ?? false,
  };
}

function withoutShared(definition: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(definition).filter(([name]) => !SHARED.has(name)));
}

/** What flat options mean by a value of `discard`: switches of old are among them. Throws `CommandError`. */
export function discardNamed(value: unknown): BlockdevDiscardOptions {
  if (value === 'off' || value === 'ignore') return 'ignore';
  if (value === 'on' || value === 'unmap') return 'unmap';
  throw new CommandError('Invalid discard option');
}

/** The same of `detect-zeroes`. Throws `CommandError`. */
export function detectZeroesNamed(value: string): BlockdevDetectZeroesOptions {
  if (value === 'off' || value === 'on' || value === 'unmap') return value;
  throw new CommandError(`invalid parameter value: ${value}`);
}

/** Refuses combinations that the schema cannot. */
export function checkOptions({ forceShare, readOnly, detectZeroes, discard }: NodeOptions): void {
  if (forceShare && !readOnly)
    throw new CommandError('force-share=on can only be used with read-only images');
  if (detectZeroes === 'unmap' && discard !== 'unmap')
    throw new CommandError(
      'setting detect-zeroes to unmap is not allowed without setting discard operation to unmap',
    );
}
