/** Where metadata lies, for the checks that keep writes away from it. */

import type { Image } from './image.ts';
import { type OverlapTest, overlaps, type Section } from './qcow2-corruption.ts';

/** Tests for the given sections, in the order in which an overlap is named. */
export function overlapTests(image: Image, wanted: readonly Section[]): Map<Section, OverlapTest> {
  const all: Readonly<Record<Section, OverlapTest>> = {
    'main-header': (offset) => offset < image.clusterSize,
    'active-l1': (offset, length) => overlaps(offset, length, image.header.l1Offset, image.header.l1Size * 8),
    'active-l2': (offset, length) => hits(image, offset, length, image.mapping.l2Tables),
    'refcount-table': (offset, length) => {
      const { refcountTableOffset, refcountTableClusters } = image.header;
      return overlaps(offset, length, refcountTableOffset, refcountTableClusters * image.clusterSize);
    },
    'refcount-block': (offset, length) => hits(image, offset, length, image.refcounts.blocks),
    'snapshot-table': (offset, length) => {
      const { snapshotsOffset } = image.header;
      return overlaps(offset, length, snapshotsOffset, image.snapshots.tableBytes);
    },
    'inactive-l1': (offset, length) =>
      image.snapshots.entries.some(({ l1Offset, l1Size }) => overlaps(offset, length, l1Offset, l1Size * 8)),
    'inactive-l2': async (offset, length) => hits(image, offset, length, await image.snapshots.l2Tables()),
  };
  return new Map(wanted.map((section) => [section, all[section]]));
}

/** Is one of the clusters that the range touches in the set? Clusters are given by their offsets in bytes. */
function hits(image: Image, offset: number, length: number, clusters: ReadonlySet<number>): boolean {
  for (let at = offset - (offset % image.clusterSize); at < offset + length; at += image.clusterSize)
    if (clusters.has(at)) return true;
  return false;
}
