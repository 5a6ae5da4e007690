/** What queries tell of a node: `BlockDeviceInfo` with its `ImageInfo`, and `BlockStats`. */
import type { Json, JsonObject } from '../../spec/json.ts';
import { CommandError } from '../qapi/command-error.ts';
import { integer } from '../qapi/json/wire-value.ts';
import { fullBackingName } from './backing.ts';
import type { Node } from './node.ts';

/** Nodes that a job put in unasked are left out where drives are told of. */
export interface View {
  readonly ofDrive: boolean;
}

const ALL_NODES: View = { ofDrive: false };

/** The first node from here on downwards that its drive shows. */
export function shownNode(node: Node, view: View): Node {
  return view.ofDrive && node.implicit && node.backing ? shownNode(node.backing.node, view) : node;
}

/** `BlockDeviceInfo` */
export function describeNode(top: Node, view: View = ALL_NODES): JsonObject {
  const node = shownNode(top, view);
  const { cache, detectZeroes } = node.options;
  const image = describeImage(node, view);
  const info: JsonObject = {
    iops_rd: 0,
    detect_zeroes: detectZeroes,
    image,
    iops_wr: 0,
    ro: node.readOnly,
    'node-name': node.name,
    backing_file_depth: chainOf(node).length,
    drv: node.driverName,
    iops: 0,
    bps_wr: 0,
    write_threshold: signed(node.io.writeThreshold),
    encrypted: image.encrypted ?? false,
    bps: 0,
    bps_rd: 0,
    cache: { 'no-flush': cache.noFlush, direct: cache.direct, writeback: true },
    file: image.filename!,
    encryption_key_missing: false,
  };
  if (node.backingName !== undefined) info.backing_file = node.backingName.name;
  return info;
}

/** The nodes that show through this one, the nearest first. */
function chainOf(node: Node): Node[] {
  const chain: Node[] = [];
  for (let below = node.backing?.node; below; below = below.backing?.node) chain.push(below);
  return chain;
}

/** `ImageInfo`, with those of its backing files. */
function describeImage(node: Node, view: View): JsonObject {
  const image: JsonObject = {
    'virtual-size': exact(node.io.length()),
    filename: node.filename.shown,
    format: node.driverName,
  };
  const allocated = node.state.allocatedSize?.();
  if (allocated !== undefined) image['actual-size'] = exact(allocated);
  const info = node.state.info?.();
  if (info) {
    if (info.clusterSize > 0) image['cluster-size'] = info.clusterSize;
    image['dirty-flag'] = info.dirty;
  }
  const { formatSpecific, encrypted } = node.state.details?.() ?? {};
  if (encrypted) image.encrypted = true;
  if (formatSpecific) image['format-specific'] = formatSpecific;
  const snapshots = node.state.snapshots?.list() ?? [];
  if (snapshots.length > 0) image.snapshots = [...snapshots];
  describeBackingName(node, image);
  const below = node.backing?.node;
  if (below) image['backing-image'] = describeImage(shownNode(below, view), view);
  return image;
}

function describeBackingName(node: Node, image: JsonObject): void {
  const { backingName } = node;
  if (backingName === undefined) return;
  image['backing-filename'] = backingName.name;
  if (backingName.format !== undefined) image['backing-filename-format'] = backingName.format;
  try {
    image['full-backing-filename'] = fullBackingName(node);
  } catch (error) {
    // A relative name beside an image that has no plain name leads nowhere.
    if (!(error instanceof CommandError)) throw error;
  }
}

/**
 * `BlockStats` of a node, of the file under it, and in a drive of its backing file. Guests' operations are counted on
 * drives, not on nodes.
 */
export function describeStats(top: Node, view: View = ALL_NODES): JsonObject {
  const node = shownNode(top, view);
  const stats: JsonObject = {};
  const file = node.child(node.driver.fileChild ?? 'file');
  if (file) stats.parent = describeStats(file.node, view);
  stats.stats = deviceStats(node.io.highestWrite);
  const { backing } = node;
  if (backing && view.ofDrive) stats.backing = describeStats(backing.node, view);
  stats['node-name'] = node.name;
  return stats;
}

function deviceStats(highestWrite: number): JsonObject {
  return {
    rd_bytes: 0,
    wr_bytes: 0,
    rd_operations: 0,
    wr_operations: 0,
    flush_operations: 0,
    flush_total_time_ns: 0,
    wr_total_time_ns: 0,
    rd_total_time_ns: 0,
    wr_highest_offset: exact(highestWrite),
    rd_merged: 0,
    wr_merged: 0,
    failed_rd_operations: 0,
    failed_wr_operations: 0,
    failed_flush_operations: 0,
    invalid_rd_operations: 0,
    invalid_wr_operations: 0,
    invalid_flush_operations: 0,
    account_invalid: false,
    account_failed: false,
    timed_stats: [],
  };
}

/** A uint64 that is shown as an int64. */
function signed(value: number | bigint): Json {
  return typeof value === 'number' ? value : integer(BigInt.asIntN(64, value));
}

/** Integers beyond 2^53 travel as `bigint`. */
function exact(value: number): Json {
  return Number.isSafeInteger(value) ? value : BigInt(value);
}
