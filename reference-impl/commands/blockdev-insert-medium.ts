/** `blockdev-insert-medium`: puts a node into an open and empty tray. */
import { insertMedium } from '../devices/exchange-media.ts';
import { CommandError, type Handler } from './handler.ts';

export const blockdevInsertMedium: Handler<'blockdev-insert-medium'> = (args, { block, devices }) => {
  const backend = devices.backendOf(args.id);
  const name = args['node-name'];
  const node = block.graph.find(name);
  if (!node) throw new CommandError(`Node '${name}' not found`);
  insertMedium(backend, node);
  return {};
};
