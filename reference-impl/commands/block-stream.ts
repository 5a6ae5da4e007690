/** `block-stream`: gives an image its own copy of what shows through from its backing files. */

import { chain, findBackingFile, inChain } from '../graph/backing-chain.ts';
import type { Node } from '../graph/node.ts';
import type { NodeGraph } from '../graph/node-graph.ts';
import { createStream, type StreamArguments } from '../jobs/stream-job.ts';
import { CommandError, type Handler } from './handler.ts';

interface BlockStreamArguments extends StreamArguments {
  readonly device: string;
  readonly base?: string;
  readonly 'base-node'?: string;
}

export const blockStream: Handler = async (args, context) => {
  const given = args as unknown as BlockStreamArguments;
  const { graph } = context.block;
  const image = graph.lookup(given.device, given.device);
  if (given.base !== undefined && given['base-node'] !== undefined)
    throw new CommandError("'base' and 'base-node' cannot be specified at the same time");
  const base = findBase(graph, image, given);
  for (const node of chain(image, base)) graph.assertAllowed(node, 'stream');
  if (!base && given['backing-file'] !== undefined)
    throw new CommandError('backing file specified, but streaming the entire chain');
  await (await createStream(context, image, base, given)).start();
  return {};
};

function findBase(graph: NodeGraph, image: Node, args: BlockStreamArguments): Node | undefined {
  const { base: filename, 'base-node': name } = args;
  if (filename !== undefined) {
    const base = findBackingFile(image, filename);
    if (!base) throw new CommandError(`Base '${filename}' not found`);
    return base;
  }
  if (name === undefined) return undefined;
  const base = graph.lookup('', name);
  if (base === image || !inChain(image, base))
    throw new CommandError(`Node '${name}' is not a backing image of '${args.device}'`);
  return base;
}
