/** Cache modes as QEMU's options and qemu-io call them. */
import type { CacheOptions } from '../graph/common-options.ts';

/** What a mode says of a drive's node, and of the drive. */
export interface CacheMode extends CacheOptions {
  /** False: every write reaches stable storage before it ends. */
  readonly writeback: boolean;
}

/** `cache=…` of a drive, by name. */
export const CACHE_MODES: ReadonlyMap<string, CacheMode> = new Map([
  ['none', { direct: true, noFlush: false, writeback: true }],
  ['off', { direct: true, noFlush: false, writeback: true }],
  ['directsync', { direct: true, noFlush: false, writeback: false }],
  ['writeback', { direct: false, noFlush: false, writeback: true }],
  ['unsafe', { direct: false, noFlush: true, writeback: true }],
  ['writethrough', { direct: false, noFlush: false, writeback: false }],
]);
