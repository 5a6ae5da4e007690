/** What queries tell of drives: `BlockInfo`, and `BlockStats` with the node's part in it. */
import type { JsonObject } from '../../spec/json.ts';
import { describeNode, describeStats, shownNode } from '../graph/query-nodes.ts';
import { bucketNames, oldBucketNames } from '../throttle/throttle-config.ts';
import type { BlockBackend } from './block-backend.ts';

/** `BlockInfo` */
export function describeBackend(backend: BlockBackend): JsonObject {
  const { node, settings, device } = backend;
  const info: JsonObject = {
    device: backend.name,
    ...(device && { qdev: device.name }),
    locked: device?.tray?.locked ?? false,
    removable: device?.removable ?? true,
    ...(device?.tray && { tray_open: device.tray.open }),
    ...(device?.ioStatus && { 'io-status': device.ioStatus }),
    type: 'unknown',
  };
  if (!node) return info;
  const described = describeNode(node, { ofDrive: true });
  info.inserted = {
    ...described,
    cache: { ...(described.cache as JsonObject), writeback: settings.writeback },
    ...describeThrottling(backend),
  };
  const bitmaps = shownNode(node, { ofDrive: true }).bitmaps.describe();
  if (bitmaps.length > 0) info['dirty-bitmaps'] = bitmaps;
  return info;
}

/** `BlockStats` of a drive */
export function describeBackendStats({ name, node, accounting }: BlockBackend, now: bigint): JsonObject {
  const stats = accounting.describe(now);
  const ofNode = node && describeStats(node, { ofDrive: true });
  stats.wr_highest_offset = (ofNode?.stats as JsonObject | undefined)?.wr_highest_offset ?? 0;
  return { device: name, ...ofNode, stats };
}

function describeThrottling({ throttle }: BlockBackend): JsonObject {
  if (!throttle) return {};
  const { name, config } = throttle.group;
  const info: JsonObject = { group: name };
  for (const bucket of bucketNames) {
    const { rate, max, burstLength } = config.buckets[bucket];
    const member = oldBucketNames[bucket];
    info[member] = rate;
    if (max > 0) {
      info[`${member}_max`] = max;
      info[`${member}_max_length`] = burstLength;
    }
  }
  if (config.iopsSize !== 0) info.iops_size = config.iopsSize;
  return info;
}
