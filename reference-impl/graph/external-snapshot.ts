/**
 * External snapshots: an overlay, open already or made for it, is put on top of a node, whose users use the overlay from
 * then on. In two steps, so that several can be taken together or not at all.
 */

import { IoError } from '../host/errno.ts';
import { CommandError } from '../qapi/command-error.ts';
import { createNamedImage, namedDefinition } from './named-image.ts';
import type { Node } from './node.ts';
import type { NodeGraph } from './node-graph.ts';
import { openNode } from './open.ts';
import { reopenAsBefore } from './reopen.ts';

/** A change that has been made and can still be taken back. */
export interface PreparedSnapshot {
  commit(): Promise<void>;
  abort(): Promise<void>;
}

export interface OverlayImage {
  readonly device?: string | undefined;
  readonly nodeName?: string | undefined;
  readonly filename: string;
  /** The name of the overlay's node. */
  readonly snapshotNodeName?: string | undefined;
  readonly format: string;
  /** The image is there: it is opened as it is. */
  readonly existing: boolean;
}

/** `blockdev-snapshot`: `overlay` is open. Throws `CommandError`. */
export async function snapshotWithNode(
  graph: NodeGraph,
  name: string,
  overlayName: string,
): Promise<PreparedSnapshot> {
  const base = await findBase(graph, name, name);
  return putOnTop(graph, base, graph.lookup(overlayName, overlayName));
}

/** `blockdev-snapshot-sync`: the overlay is opened, and mostly made before. Throws `CommandError`. */
export async function snapshotWithImage(graph: NodeGraph, image: OverlayImage): Promise<PreparedSnapshot> {
  const base = await findBase(graph, image.device ?? '', image.nodeName ?? '');
  if (image.nodeName !== undefined && image.snapshotNodeName === undefined)
    throw new CommandError('New snapshot node name missing');
  if (image.snapshotNodeName !== undefined && isTaken(graph, image.snapshotNodeName))
    throw new CommandError('New snapshot node name already in use');
  if (!image.existing) {
    const backing = { name: base.filename.shown, format: base.driverName };
    await createNamedImage(graph, { ...image, size: base.io.length(), backing });
  }
  const overlay = await openNode(graph, namedDefinition(graph.drivers, image, base, image.snapshotNodeName), {
    withoutBacking: true,
  });
  try {
    return await putOnTop(graph, base, overlay);
  } catch (error) {
    await graph.releaseUnused(overlay);
    throw error;
  }
}

async function findBase(graph: NodeGraph, device: string, nodeName: string): Promise<Node> {
  const base = graph.lookup(device, nodeName);
  graph.assertUnblocked(base);
  try {
    await base.io.flush();
  } catch (error) {
    if (error instanceof IoError) throw new CommandError('An IO error has occurred');
    throw error;
  }
  return base;
}

function isTaken(graph: NodeGraph, name: string): boolean {
  return graph.devices.medium(name) != null || graph.find(name) !== undefined;
}

async function putOnTop(graph: NodeGraph, base: Node, overlay: Node): Promise<PreparedSnapshot> {
  if (overlay.parents.some(({ role }) => role === 'root'))
    throw new CommandError('The snapshot is already in use');
  graph.assertUnblocked(overlay);
  if (overlay.backing) throw new CommandError('The snapshot already has a backing image');
  if (!('backing' in overlay.driver.children))
    throw new CommandError('The snapshot does not support backing images');
  const forgetBase = overlay.rememberBacking();
  const edge = graph.attach(overlay, base, 'backing', 'backing');
  const users = [...base.parents];
  try {
    graph.replaceNode(base, overlay, [edge]);
  } catch (error) {
    await graph.detach(edge);
    forgetBase();
    throw error;
  }
  return {
    commit: async () => {
      // Where a job of the same transaction writes to it, it stays writable: nothing is refused any more. So it does
      // where reads write to it.
      if (!base.io.copiesOnRead) await reopenAsBefore(graph, base, true);
      await graph.releaseUnused(overlay);
    },
    abort: async () => {
      const others = overlay.parents.filter((user) => !users.includes(user));
      graph.replaceNode(overlay, base, others);
      // The overlay keeps the name of the backing file that it had for a moment, as it does in QEMU.
      await graph.detach(edge);
      await graph.releaseUnused(overlay);
    },
  };
}
