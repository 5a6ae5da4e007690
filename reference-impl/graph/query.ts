/** What queries tell of a node: `BlockDeviceInfo` with its `ImageInfo`, and `BlockStats`. */
import type { Json, JsonObject } from '../../spec/json.ts';
import type { Node } from './node.ts';

/** `BlockDeviceInfo` */
export function describeNode(node: Node): JsonObject {
  const { cache, detectZeroes, readOnly } = node.options;
  return {
    iops_rd: 0,
    detect_zeroes: detectZeroes,
    image: describeImage(node),
    iops_wr: 0,
    ro: readOnly,
    'node-name': node.name,
    backing_file_depth: 0,
    drv: node.driverName,
    iops: 0,
    bps_wr: 0,
    write_threshold: 0,
    encrypted: false,
    bps: 0,
    bps_rd: 0,
    cache: { 'no-flush': cache.noFlush, direct: cache.direct, writeback: true },
    file: node.filename.shown,
    encryption_key_missing: false,
  };
}

/** `ImageInfo` */
function describeImage(node: Node): JsonObject {
  const image: JsonObject = {
    'virtual-size': exact(node.requests.length()),
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
  return image;
}

/** `BlockStats` of a node and of the file under it. Guests' operations are counted on devices, not on nodes. */
export function describeStats(node: Node): JsonObject {
  const stats: JsonObject = { stats: deviceStats(node.requests.highestWrite), 'node-name': node.name };
  const file = node.child('file');
  if (file) stats.parent = describeStats(file.node);
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

/** Integers beyond 2^53 travel as `bigint`. */
function exact(value: number): Json {
  return Number.isSafeInteger(value) ? value : BigInt(value);
}
