/** `drive-mirror`: keeps an image the same as a node, and can put it in its place. */
import type { DriveMirror } from '../../spec/generated/qmp.ts';
import { openBacking } from '../graph/backing.ts';
import type { Node } from '../graph/node.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import { checkGranularity, createMirror, type MirrorPlan } from '../jobs/mirror-job.ts';
import { openTarget } from '../jobs/target-image.ts';
import { CommandError, type Handler } from './handler.ts';

export const driveMirror: Handler<'drive-mirror'> = async (args, context) => {
  const { graph } = context.block;
  const source = graph.lookupRoot(args.device);
  graph.assertUnblocked(source);
  checkReplaced(graph, source, args);
  // Without a backing file the top is all there is.
  const sync = args.sync === 'top' && !source.backing ? 'full' : args.sync;
  const below = sync === 'none' ? source : sync === 'full' ? undefined : source.backing?.node;
  const isNew = args.mode !== 'existing';
  const target = await openTarget(graph, source, {
    filename: args.target,
    format: args.format,
    mode: args.mode,
    nodeName: args['node-name'],
    backing: below,
    withoutBacking: true,
  });
  try {
    checkGranularity(args.granularity);
    graph.assertUnblocked(target);
    if (sync === 'incremental') throw new CommandError("Sync mode 'incremental' not supported");
    const plan: MirrorPlan = {
      type: 'mirror',
      source,
      target,
      base: sync === 'top' ? source.backing?.node : undefined,
      onlyNew: sync === 'none',
      replaces: args.replaces,
      openBacking: isNew ? undefined : () => openBacking(graph, target),
      backing: isNew ? below : undefined,
    };
    await (await createMirror(context, plan, args)).start();
    return {};
  } catch (error) {
    await graph.releaseUnused(target);
    throw error;
  }
};

function checkReplaced(graph: NodeGraph, source: Node, args: DriveMirror): void {
  if (args.replaces === undefined) return;
  if (args['node-name'] === undefined)
    throw new CommandError('a node-name must be provided when replacing a named node of the graph');
  const replaced = graph.find(args.replaces);
  if (!replaced) throw new CommandError(`Node name '${args.replaces}' not found`);
  graph.assertUnblocked(replaced);
  if (replaced.io.length() !== source.io.length())
    throw new CommandError('cannot replace image with a mirror image of different size');
}
