/** `BlockdevOptionsQcow2`: sizes of caches, guarded sections, what is passed on; with the rules between them. */
import type {
  Qcow2OverlapCheckFlags,
  Qcow2OverlapCheckMode,
  Qcow2OverlapChecks,
} from '../../../spec/generated/qmp.ts';
import { CommandError } from '../../qapi/command-error.ts';
import type { DriverOptions } from '../driver.ts';
import { sizeOption } from '../sizes.ts';
import { type Header, hasLazyRefcounts } from './header.ts';
import { type Section, sections } from './qcow2-corruption.ts';

type Options = DriverOptions<'qcow2'>;

export interface ImageOptions {
  readonly lazyRefcounts: boolean;
  /** Sections that are guarded against writes, in the order in which an overlap is named. */
  readonly overlapCheck: readonly Section[];
  /** Bytes. */
  readonly l2CacheSize: number;
  readonly l2SliceSize: number;
  readonly refcountCacheSize: number;
  readonly passDiscard: PassDiscard;
}

/** Whether the space of clusters that become free is given back to the file below, by what freed them. */
export interface PassDiscard {
  readonly request: boolean;
  readonly snapshot: boolean;
  readonly other: boolean;
}

const DEFAULT_L2_CACHE = 1 << 20;
const DEFAULT_L2_CACHE_TABLES = 8;
const LEAST_REFCOUNT_CACHE_TABLES = 4;
/** How much larger the cache of L2 tables is than that of refcount blocks, where only one size or their sum is known. */
const CACHE_RATIO = 4;
const MAX_TABLES = 2 ** 31 - 1;

/** Throws `CommandError`. */
export function imageOptions(options: Options, header: Header): ImageOptions {
  const lazy = options['lazy-refcounts'];
  const sizes = cacheSizes(options, header);
  const interval = Number(options['cache-clean-interval']);
  if (interval < 0 || interval >= 2 ** 32) throw new CommandError('Cache clean interval too big');
  if (lazy === true && header.version === 2) {
    throw new CommandError('Lazy refcounts require a qcow2 image with at least qemu 1.1 compatibility level');
  }
  return {
    ...sizes,
    lazyRefcounts: lazy ?? hasLazyRefcounts(header),
    overlapCheck: overlapCheck(options['overlap-check']),
    passDiscard: {
      request: options['pass-discard-request'] ?? true,
      snapshot: options['pass-discard-snapshot'] ?? true,
      other: options['pass-discard-other'] ?? false,
    },
  };
}

function cacheSizes(options: Options, { clusterBits }: Header) {
  const clusterSize = 2 ** clusterBits;
  const given = (name: 'cache-size' | 'l2-cache-size' | 'l2-cache-entry-size' | 'refcount-cache-size') =>
    options[name] === undefined ? undefined : sizeOption(name, options[name]);
  const both = given('cache-size');
  let l2 = given('l2-cache-size');
  let refcount = given('refcount-cache-size');
  const slice = given('l2-cache-entry-size') ?? clusterSize;
  if (both !== undefined) {
    if (l2 !== undefined && refcount !== undefined) {
      throw new CommandError(
        'cache-size, l2-cache-size and refcount-cache-size may not be set the same time',
      );
    }
    if (l2 !== undefined && l2 > both) throw new CommandError('l2-cache-size may not exceed cache-size');
    if (refcount !== undefined && refcount > both)
      throw new CommandError('refcount-cache-size may not exceed cache-size');
    refcount ??= l2 === undefined ? Math.floor(both / (CACHE_RATIO + 1)) : both - l2;
    l2 ??= both - refcount;
  } else {
    l2 ??=
      refcount === undefined
        ? Math.max(DEFAULT_L2_CACHE, DEFAULT_L2_CACHE_TABLES * clusterSize)
        : Number(BigInt.asUintN(64, BigInt(refcount) * BigInt(CACHE_RATIO)));
    refcount ??= Math.floor(l2 / CACHE_RATIO);
  }
  if (slice < 512 || slice > clusterSize || !Number.isInteger(Math.log2(slice))) {
    throw new CommandError(
      `L2 cache entry size must be a power of two between 512 and the cluster size (${clusterSize})`,
    );
  }
  if (l2 / slice > MAX_TABLES) throw new CommandError('L2 cache size too big');
  if (refcount / clusterSize > MAX_TABLES) throw new CommandError('Refcount cache size too big');
  return {
    l2CacheSize: l2,
    l2SliceSize: slice,
    refcountCacheSize: Math.max(refcount, LEAST_REFCOUNT_CACHE_TABLES * clusterSize),
  };
}

const CONSTANT: readonly Section[] = ['main-header', 'active-l1', 'refcount-table', 'snapshot-table'];
const CACHED: readonly Section[] = [...CONSTANT, 'active-l2', 'refcount-block', 'inactive-l1'];
const ALL = Object.keys(sections) as Section[];
/** What each template guards. */
export const templates: Readonly<Record<Qcow2OverlapCheckMode, readonly Section[]>> = {
  none: [],
  constant: CONSTANT,
  cached: CACHED,
  all: ALL,
};

/** The long form of an `overlap-check`. */
export function flagsOf(given: Qcow2OverlapChecks = 'cached'): Qcow2OverlapCheckFlags {
  return typeof given === 'string' ? { template: given } : given;
}

function overlapCheck(given: Qcow2OverlapChecks | undefined): Section[] {
  const flags = flagsOf(given);
  const template = templates[flags.template ?? 'cached'];
  return ALL.filter((section) => flags[section] ?? template.includes(section));
}
