/** `x-blockdev-create`: makes a new image, empty; no node is left open. */
import type { JsonObject } from '../../spec/json.ts';
import type { Driver } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import { createImage } from '../graph/create.ts';
import type { Handler } from './command.ts';

export const xBlockdevCreate: Handler = async (args, { block }) => {
  const { driver: name, ...options } = args as JsonObject & { driver: string };
  await createImage(block.graph, (drivers as Partial<Record<string, Driver>>)[name], options);
  return {};
};
