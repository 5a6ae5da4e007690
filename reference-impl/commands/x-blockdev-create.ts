/** `x-blockdev-create`: makes a new image, empty; no node is left open. */
import { createImage } from '../graph/create-image.ts';
import type { Handler } from './handler.ts';

export const xBlockdevCreate: Handler<'x-blockdev-create'> = async (args, { block }) => {
  const { driver: name, ...options } = args;
  await createImage(block.graph, block.graph.drivers.find(name), options);
  return {};
};
