/**
 * A drive over a chain of images, for cases in which a guest goes on writing while jobs work below it. The drive starts with
 * its base; the images above it are put on top at the start of the case.
 */
import { join } from 'node:path';
import type { JsonObject } from '../../../spec/json.ts';
import type { Topology } from '../../targets/target.ts';
import type { CaseContext, Needs } from '../case.ts';
import { CHAIN_SIZE, CLUSTER, chainNodes, type Layer, readImage, stairClusters } from './backing-chains.ts';
import { insertedIn } from './device-info.ts';
import { qemuIo } from './human-monitor-io.ts';
import { buildQcow2 } from './qcow2-image.ts';
import { makeFile, needs } from './shared-setup.ts';

/** The drive of `driveOverBase`. */
export const DRIVE = 'd0';

const BASE = { node: 'base', path: 'base.img' };

/** Drive `d0` whose medium is node `base`, a raw image that holds what the lowest image of a chain does. */
export const driveOverBase: Topology = {
  name: 'drive-over-base',
  images: [
    {
      path: BASE.path,
      format: 'raw',
      size: CHAIN_SIZE,
      fill: [{ offset: 0, length: CHAIN_SIZE, byte: 0x11 }],
    },
  ],
  options: ['-drive', `if=none,id=${DRIVE},file=@DIR@/${BASE.path},format=raw,node-name=${BASE.node}`],
  monitors: 1,
};

/** What a case on `driveOverBase` uses, besides `commands`. */
export const onDrive = (...commands: string[]): Needs =>
  needs(chainNodes, {
    commands: ['query-block', 'blockdev-snapshot-sync', 'human-monitor-command', ...commands],
    capabilities: ['humanMonitor'],
  });

/** Gives the drive a chain of `depth` (at most 3) images, bottom first, through which a guest reads `stairs(depth)`. */
export async function driveChain(t: CaseContext, depth: number): Promise<Layer[]> {
  const layers: Layer[] = [
    { node: BASE.node, file: { path: `${t.dir}/${BASE.path}`, local: join(t.scratch, BASE.path) } },
  ];
  for (let index = 1; index < depth; index += 1) {
    const backing = { name: layers.at(-1)!.file.path, format: index === 1 ? 'raw' : 'qcow2' };
    const clusters = stairClusters(index);
    const file = await makeFile(t, buildQcow2({ size: CHAIN_SIZE, clusterSize: CLUSTER, clusters, backing }));
    const node = t.name('layer');
    await t.execute('blockdev-snapshot-sync', {
      device: DRIVE,
      'snapshot-file': file.path,
      'snapshot-node-name': node,
      format: 'qcow2',
      mode: 'existing',
    });
    layers.push({ node, file });
  }
  return layers;
}

/** What the drive has inserted. */
export function inserted(t: CaseContext): Promise<JsonObject> {
  return insertedIn(t, DRIVE);
}

/** A guest writes a cluster through the drive. */
export async function guestWrite(t: CaseContext, cluster: number, byte: number): Promise<void> {
  await qemuIo(t, DRIVE, `write -P ${byte} ${cluster * CLUSTER} ${CLUSTER}`);
}

/** The guest flushes: from then on the image files hold all that it has written. */
export async function guestFlush(t: CaseContext): Promise<void> {
  await qemuIo(t, DRIVE, 'flush');
}

/** The clusters that an image file has of its own, each by its first byte; `zero` for one that is marked to read so. */
export async function ownClusters(t: CaseContext, layer: Layer): Promise<Record<string, number | 'zero'>> {
  const image = await readImage(t, layer.file);
  const found: Record<string, number | 'zero'> = {};
  for (let index = 0; index * image.clusterSize < image.size; index += 1) {
    const cluster = image.cluster(index);
    if (cluster === 'zero') found[index] = 'zero';
    else if (cluster !== null) found[index] = cluster[0]!;
  }
  return found;
}
