/** `x-blockdev-set-iothread`: moves a node to another thread of the endpoint; here all share one, so it is noted only. */
import { roots } from '../graph/node-graph.ts';
import { CommandError, type Handler } from './handler.ts';

export const xBlockdevSetIothread: Handler<'x-blockdev-set-iothread'> = (args, { block, objects }) => {
  const name = args['node-name'];
  const node = block.graph.find(name);
  if (!node) throw new CommandError(`Cannot find node ${name}`);
  if (!args.force && roots(node).length > 0)
    throw new CommandError(
      `Node ${name} is associated with a BlockBackend and could be in use (use force=true to override this check)`,
    );
  const id = args.iothread;
  if (id !== null && objects.find(id)?.type !== 'iothread')
    throw new CommandError(`Cannot find iothread ${id}`);
  node.moveToIothread(id ?? undefined);
  return {};
};
