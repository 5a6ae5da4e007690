/** `blockdev-add`: opens a block node, and those defined inside it. */
import { CommandError, type Handler } from './command.ts';

export const blockdevAdd: Handler = async (args, { block }) => {
  if (args['node-name'] === undefined)
    throw new CommandError("'node-name' must be specified for the root node");
  await block.add(args);
  return {};
};
