/** `drive-mirror`: keeps an image the same as a node, and can put it in its place. */
import type { NewImageMode } from '../../spec/generated/qmp.ts';
import { openBacking } from '../graph/backing.ts';
import type { Node } from '../graph/node.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import { checkGranularity, createMirror, type MirrorArguments } from '../jobs/mirror-job.ts';
import { openTarget } from '../jobs/target-image.ts';
import { CommandError, type Handler } from './handler.ts';

interface DriveMirrorArguments extends MirrorArguments {
  readonly device: string;
  readonly target: string;
  readonly format?: string;
  readonly 'node-name'?: string;
  readonly replaces?: string;
  readonly mode?: NewImageMode;
}

export const driveMirror: Handler = async (args, context) => {
  const given = args as unknown as DriveMirrorArguments;
  const { graph } = context.block;
  const source = graph.lookupRoot(given.device);
  graph.assertAllowed(source, 'mirror-source');
  checkReplaced(graph, source, given);
  // Without a backing file the top is all there is.
  const sync = given.sync === 'top' && !source.backing ? 'full' : given.sync;
  const below = sync === 'none' ? source : sync === 'full' ? undefined : source.backing?.node;
  const target = await openTarget(graph, source, {
    filename: given.target,
    format: given.format,
    mode: given.mode,
    nodeName: given['node-name'],
    backing: below,
    withoutBacking: true,
  });
  try {
    checkGranularity(given.granularity);
    graph.assertAllowed(target, 'mirror-target');
    if (sync === 'incremental') throw new CommandError("Sync mode 'incremental' not supported");
    const plan = {
      type: 'mirror',
      source,
      target,
      base: sync === 'top' ? source.backing?.node : undefined,
      replaces: given.replaces,
      ...(given.mode === 'existing' ? { openBacking: () => openBacking(graph, target) } : { backing: below }),
    } as const;
    const job = await createMirror(context, plan, { ...given, sync: sync === 'none' ? 'none' : 'some' });
    await job.start();
    return {};
  } catch (error) {
    await graph.releaseUnused(target);
    throw error;
  }
};

function checkReplaced(graph: NodeGraph, source: Node, args: DriveMirrorArguments): void {
  if (args.replaces === undefined) return;
  if (args['node-name'] === undefined)
    throw new CommandError('a node-name must be provided when replacing a named node of the graph');
  const replaced = graph.find(args.replaces);
  if (!replaced) throw new CommandError(`Node name '${args.replaces}' not found`);
  graph.assertAllowed(replaced, 'replace');
  if (replaced.io.length() !== source.io.length())
    throw new CommandError('cannot replace image with a mirror image of different size');
}
