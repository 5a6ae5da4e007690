/** Snapshots in a drained section: as commands take them, alone or in a transaction. */
import type {
  BlockdevSnapshot,
  BlockdevSnapshotInternal,
  BlockdevSnapshotSync,
} from '../../spec/generated/qmp.ts';
import { type PreparedSnapshot, snapshotWithImage, snapshotWithNode } from './external-snapshot.ts';
import { takeInternalSnapshot } from './internal-snapshot.ts';
import type { Node } from './node.ts';
import type { NodeGraph } from './node-graph.ts';

/** `blockdev-snapshot-sync`. Throws `CommandError`. */
export function prepareSnapshotSync(graph: NodeGraph, args: BlockdevSnapshotSync): Promise<PreparedSnapshot> {
  const { device, 'node-name': nodeName } = args;
  return drained(graph, find(graph, device ?? '', nodeName ?? ''), () =>
    snapshotWithImage(graph, {
      device,
      nodeName,
      filename: args['snapshot-file'],
      snapshotNodeName: args['snapshot-node-name'],
      format: args.format ?? 'qcow2',
      existing: args.mode === 'existing',
    }),
  );
}

/** `blockdev-snapshot`. Throws `CommandError`. */
export function prepareSnapshot(graph: NodeGraph, args: BlockdevSnapshot): Promise<PreparedSnapshot> {
  return drained(graph, find(graph, args.node, args.node), () =>
    snapshotWithNode(graph, args.node, args.overlay),
  );
}

/** `blockdev-snapshot-internal-sync`. Throws `CommandError`. */
export function prepareInternalSnapshot(
  graph: NodeGraph,
  { device, name }: BlockdevSnapshotInternal,
): Promise<PreparedSnapshot> {
  return drained(graph, find(graph, device, device), async () => {
    const abort = await takeInternalSnapshot(graph, device, name);
    return { commit: () => Promise.resolve(), abort };
  });
}

function find(graph: NodeGraph, device: string, nodeName: string): Node | undefined {
  return graph.devices.medium(device) ?? graph.find(nodeName);
}

/** The section over `node` lasts until the change is committed or taken back. */
async function drained(
  graph: NodeGraph,
  node: Node | undefined,
  prepare: () => Promise<PreparedSnapshot>,
): Promise<PreparedSnapshot> {
  if (!node) return prepare();
  const end = await graph.drainedBegin([node]);
  const ending = (work: () => Promise<void>) => work().finally(end);
  try {
    const { commit, abort } = await prepare();
    return { commit: () => ending(commit), abort: () => ending(abort) };
  } catch (error) {
    await end();
    throw error;
  }
}
