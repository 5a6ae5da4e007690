/** `block-stream`: gives an image its own copy of what shows through from its backing files. */
import type { BlockStreamArguments } from '../../spec/generated/qmp.ts';
import { findBackingFile } from '../graph/backing.ts';
import { chain, inChain } from '../graph/backing-chain.ts';
import type { Node } from '../graph/node.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import { createStream } from '../jobs/stream-job.ts';
import { CommandError, type Handler } from './handler.ts';

export const blockStream: Handler<'block-stream'> = async (args, context) => {
  const { graph } = context.block;
  const image = graph.lookup(args.device, args.device);
  if (args.base !== undefined && args['base-node'] !== undefined)
    throw new CommandError("'base' and 'base-node' cannot be specified at the same time");
  const base = findBase(graph, image, args);
  for (const node of chain(image, base)) graph.assertUnblockedAsBacking(node);
  if (!base && args['backing-file'] !== undefined)
    throw new CommandError('backing file specified, but streaming the entire chain');
  await (await createStream(context, image, base, args)).start();
  return {};
};

function findBase(graph: NodeGraph, image: Node, args: BlockStreamArguments): Node | undefined {
  const { base: filename, 'base-node': name } = args;
  if (filename !== undefined) {
    const base = findBackingFile(graph, image, filename);
    if (!base) throw new CommandError(`Base '${filename}' not found`);
    return base;
  }
  if (name === undefined) return undefined;
  const base = graph.lookup('', name);
  if (base === image || !inChain(image, base))
    throw new CommandError(`Node '${name}' is not a backing image of '${args.device}'`);
  return base;
}
