/** `x-blockdev-create`: makes a new image, empty; no node is left open. */
import { createImage } from '../graph/create-image.ts';
import { CommandError } from '../qapi/command-error.ts';
import type { Handler } from './handler.ts';

export const xBlockdevCreate: Handler<'x-blockdev-create'> = async (args, { block }) => {
  const { driver: name, ...options } = args;
  const driver = block.graph.drivers.find(name);
  if (!driver) throw new CommandError(`Block driver '${name}' not found or not supported`);
  await createImage(block.graph, driver, options);
  return {};
};
