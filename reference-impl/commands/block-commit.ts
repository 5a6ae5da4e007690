/** `block-commit`: brings what a chain of images holds above a base down into it. */
import type { BlockLayer } from '../backend/block-layer.ts';
import { findBackingFile } from '../graph/backing.ts';
import { chain, overlayOf } from '../graph/backing-chain.ts';
import type { Node } from '../graph/node.ts';
import { assertRoot, type NodeGraph } from '../graph/node-graph.ts';
import { createActiveCommit } from '../jobs/active-commit.ts';
import { createCommit } from '../jobs/commit-job.ts';
import { CommandError, type Handler } from './handler.ts';

export const blockCommit: Handler<'block-commit'> = async (args, context) => {
  const { graph } = context.block;
  const device = findDevice(context.block, args.device);
  assertRoot(device);
  graph.assertUnblocked(device);
  const top = findTop(graph, device, args.top);
  const base = findBase(graph, top, args.base);
  for (const node of [...chain(top, base), base]) graph.assertUnblockedAsBacking(node);
  if (base === top) throw new CommandError('cannot commit an image into itself');
  if (top === device && args['backing-file'] !== undefined)
    throw new CommandError("'backing-file' specified, but 'top' is the active layer");
  const overlay = overlayOf(device, top);
  if (overlay) graph.assertUnblockedAsBacking(overlay);
  const job = overlay
    ? await createCommit(context, { device, overlay, top, base }, args)
    : await createActiveCommit(context, device, base, args);
  await job.start();
  return {};
};

function findDevice({ graph }: BlockLayer, name: string): Node {
  const node = graph.devices.medium(name) ?? graph.find(name);
  if (!node) throw new CommandError(`Device '${name}' not found`, 'DeviceNotFound');
  return node;
}

function findTop(graph: NodeGraph, device: Node, filename: string | undefined): Node {
  if (filename === undefined || filename === device.filename.shown) return device;
  const top = findBackingFile(graph, device, filename);
  if (!top) throw new CommandError(`Top image file ${filename} not found`);
  return top;
}

/** The end of the chain, if nothing else is asked for. */
function findBase(graph: NodeGraph, top: Node, filename: string | undefined): Node {
  const base = filename === undefined ? [...chain(top)].at(-1) : findBackingFile(graph, top, filename);
  if (!base) throw new CommandError(`Base '${filename}' not found`);
  return base;
}
