/** `x-blockdev-create`: makes a new image, empty; no node is left open. */
import type { JsonObject } from '../../spec/json.ts';
import { createImage } from '../graph/create-image.ts';
import type { Handler } from './handler.ts';

export const xBlockdevCreate: Handler = async (args, { block }) => {
  const { driver: name, ...options } = args as JsonObject & { driver: string };
  await createImage(block.graph, block.graph.drivers.find(name), options);
  return {};
};
