/** `nbd-server-stop`: closes the NBD server with all its exports. */
import type { Handler } from './handler.ts';

export const nbdServerStop: Handler<'nbd-server-stop'> = async (_args, { nbd }) => {
  await nbd.stop();
  return {};
};
