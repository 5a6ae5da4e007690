/**
 * `change-backing-file`: writes another name of the backing file into an image's header. What is open stays open.
 */
import { changeBackingFile as change } from '../graph/backing.ts';
import type { Node } from '../graph/node.ts';
import { assertRoot } from '../graph/node-graph.ts';
import { CommandError, type Handler } from './handler.ts';

export const changeBackingFile: Handler<'change-backing-file'> = async (args, { block: { graph } }) => {
  const device = args.device;
  const top = graph.lookup(device, device);
  assertRoot(top);
  const image = graph.lookup('', args['image-node-name']);
  if (!image.backing)
    throw new CommandError('not allowing backing file change on an image without a backing file');
  graph.assertUnblocked(top);
  if (!isBelow(top, image)) throw new CommandError(`'${device}' and image file are not in the same chain`);
  await change(graph, image, { name: args['backing-file'], format: image.driverName });
  return {};
};

function isBelow(top: Node, image: Node): boolean {
  for (let node: Node | undefined = top; node; node = node.backing?.node) if (node === image) return true;
  return false;
}
