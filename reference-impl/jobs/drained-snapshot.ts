/** Snapshots while jobs rest: as commands take them, alone or in a transaction. */
import type {
  BlockdevSnapshot,
  BlockdevSnapshotInternal,
  BlockdevSnapshotSync,
} from '../../spec/generated/qmp.ts';
import { type PreparedSnapshot, snapshotWithImage, snapshotWithNode } from '../graph/external-snapshot.ts';
import { takeInternalSnapshot } from '../graph/internal-snapshot.ts';
import type { Node } from '../graph/node.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import type { JobContext } from './job-context.ts';

/** `blockdev-snapshot-sync`. Throws `CommandError`. */
export function prepareSnapshotSync(
  context: JobContext,
  args: BlockdevSnapshotSync,
): Promise<PreparedSnapshot> {
  const { block } = context;
  const { device, 'node-name': nodeName } = args;
  return drained(context, find(block.graph, device ?? '', nodeName ?? ''), () =>
    snapshotWithImage(block.graph, {
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
export function prepareSnapshot(context: JobContext, args: BlockdevSnapshot): Promise<PreparedSnapshot> {
  const { block } = context;
  return drained(context, find(block.graph, args.node, args.node), () =>
    snapshotWithNode(block.graph, args.node, args.overlay),
  );
}

/** `blockdev-snapshot-internal-sync`. Throws `CommandError`. */
export function prepareInternalSnapshot(
  context: JobContext,
  { device, name }: BlockdevSnapshotInternal,
): Promise<PreparedSnapshot> {
  const { block } = context;
  return drained(context, find(block.graph, device, device), async () => {
    const abort = await takeInternalSnapshot(block.graph, device, name);
    return { commit: () => Promise.resolve(), abort };
  });
}

function find(graph: NodeGraph, device: string, nodeName: string): Node | undefined {
  return graph.devices.medium(device) ?? graph.find(nodeName);
}

/** The jobs on `node` rest until the change is committed or taken back. */
async function drained(
  { jobs }: JobContext,
  node: Node | undefined,
  prepare: () => Promise<PreparedSnapshot>,
): Promise<PreparedSnapshot> {
  const end = node ? await jobs.drainedBegin(node) : () => Promise.resolve();
  const ending = async (work: () => Promise<void>) => {
    try {
      await work();
    } finally {
      await end();
    }
  };
  try {
    const { commit, abort } = await prepare();
    return { commit: () => ending(commit), abort: () => ending(abort) };
  } catch (error) {
    await end();
    throw error;
  }
}
